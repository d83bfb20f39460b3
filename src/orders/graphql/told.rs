//! What live events refer to, read once for all who are told of them at the same moment.

use std::time::Duration;

use moka::future::Cache;

use crate::app::App;
use crate::graph::SharedFault;
use crate::kernel::ids::{OrderId, ShipmentId};
use crate::orders::{self, order};
use crate::shipments::{self, shipment};

/// How long what was read is told. Whatever changes meanwhile is an event of its own, and read anew.
const LIFE: Duration = Duration::from_secs(1);
/// Of how many events.
const EVENTS: u64 = 1_000;

/// What was read a moment ago for events of this process: by the event's number in its order.
pub struct Told {
    orders: Cache<(OrderId, i64), Option<order::Model>>,
    shipments: Cache<(ShipmentId, i64), Option<shipment::Model>>,
}

impl Default for Told {
    fn default() -> Self {
        Self { orders: cache(), shipments: cache() }
    }
}

impl Told {
    /// The order, as it was after its event number `seq`.
    pub async fn order(&self, app: &App, id: OrderId, seq: i64) -> Result<Option<order::Model>, SharedFault> {
        self.orders.try_get_with((id, seq), orders::lookup(app.db.read(), id)).await.map_err(SharedFault)
    }

    /// The parcel, as it was after the event number `seq` of its order.
    pub async fn shipment(&self, app: &App, id: ShipmentId, seq: i64) -> Result<Option<shipment::Model>, SharedFault> {
        self.shipments.try_get_with((id, seq), shipments::lookup(app.db.read(), id)).await.map_err(SharedFault)
    }
}

fn cache<K: std::hash::Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>() -> Cache<K, V> {
    Cache::builder().max_capacity(EVENTS).time_to_live(LIFE).build()
}
