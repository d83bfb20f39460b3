//! What leads from a parcel to its recipient goes with the order's buyer.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde::{Deserialize, Serialize};

use super::entity::event;
use super::queries::of_orders;
use crate::kernel::ids::{OrderId, ShipmentId};
use crate::orders;
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;

/// Empties tracking numbers, and the carriers' words and places, of an order's parcels.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetRecipient {
    /// The order.
    pub order_id: OrderId,
}

impl Job for ForgetRecipient {
    const KIND: &'static str = "shipments.forget";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let tx = Tx::begin(&run.app).await?;
        let order = orders::lock(&tx, self.order_id).await?;
        if order.is_none_or(|order| order.erased_at.is_none()) {
            return Ok(Done::OK);
        }
        let parcels = of_orders(&tx, &[self.order_id]).await?;
        let ids: Vec<ShipmentId> = parcels.iter().map(|row| row.id).collect();
        for parcel in parcels {
            // At the portal, a parcel is called by its number.
            let name = parcel.id.to_string();
            let mut row = parcel.into_active_model();
            row.external_id = Set(name);
            row.tracking_number = Set(None);
            row.tracking_url = Set(None);
            row.update(&tx).await?;
        }
        let none = || Expr::value(Option::<String>::None);
        event::Entity::update_many()
            .col_expr(event::Column::Description, none())
            .col_expr(event::Column::Location, none())
            .filter(event::Column::ShipmentId.is_in(ids))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(Done::OK)
    }
}
