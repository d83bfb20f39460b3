//! The loaders of orders. Whoever uses them has decided that the actor may see what they load.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;

use crate::app::App;
use crate::graph::{RequestLoader, SharedFault};
use crate::identity::Actor;
use crate::kernel::ids::OrderId;
use crate::orders::{self, line, order};

/// Loads orders by id.
pub struct OrderLoader(App);

impl RequestLoader for OrderLoader {
    fn new(app: &App, _: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<OrderId> for OrderLoader {
    type Value = order::Model;
    type Error = SharedFault;

    async fn load(&self, keys: &[OrderId]) -> Result<HashMap<OrderId, order::Model>, SharedFault> {
        let rows = orders::load_many(self.0.db.read(), keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// Loads the lines of orders.
pub struct OrderLinesLoader(App);

impl RequestLoader for OrderLinesLoader {
    fn new(app: &App, _: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<OrderId> for OrderLinesLoader {
    type Value = Vec<line::Model>;
    type Error = SharedFault;

    async fn load(&self, keys: &[OrderId]) -> Result<HashMap<OrderId, Vec<line::Model>>, SharedFault> {
        let mut all: HashMap<OrderId, Vec<line::Model>> = HashMap::new();
        for row in orders::lines_of(self.0.db.read(), keys).await? {
            all.entry(row.order_id).or_default().push(row);
        }
        Ok(all)
    }
}
