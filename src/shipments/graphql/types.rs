//! What a parcel looks like.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::app::App;
use crate::graph::scalars::{DateTime, DeliveryWindow};
use crate::graph::{ContextExt, GlobalId, RequestLoader, SharedFault};
use crate::identity::Actor;
use crate::kernel::ids::{OrderId, OrderLineId, ShipmentId, SupplierOrderId};
use crate::shipments::{self, event, line, shipment};
use crate::suppliers::ShipmentStatus;

/// Where a parcel is. Keep an arm for values you do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ShipmentStatus", name = "ShipmentStatus")]
pub enum ShipmentStatusOut {
    /// Nothing is known yet.
    Pending,
    /// The carrier was told of it.
    InfoReceived,
    /// On its way.
    InTransit,
    /// With customs.
    Customs,
    /// On the last vehicle.
    OutForDelivery,
    /// Waiting to be fetched.
    AvailableForPickup,
    /// Nobody could take it.
    AttemptFailed,
    /// Something is wrong with it.
    Exception,
    /// On its way back.
    Returning,
    /// Back at the sender.
    Returned,
    /// It arrived.
    Delivered,
    /// Nothing was heard of it for too long.
    Expired,
}

/// A parcel with a carrier.
pub struct Shipment(pub shipment::Model);

/// A parcel with a carrier.
#[Object]
impl Shipment {
    /// The id.
    pub async fn id(&self) -> GlobalId<ShipmentId> {
        GlobalId(self.0.id)
    }

    /// Where it is.
    async fn status(&self) -> ShipmentStatusOut {
        self.0.status.into()
    }

    /// The carrier.
    async fn carrier(&self) -> &str {
        &self.0.carrier
    }

    /// The carrier's number for it; null until it is known.
    async fn tracking_number(&self) -> Option<&str> {
        self.0.tracking_number.as_deref()
    }

    /// The carrier's page about it; null until it is known.
    async fn tracking_url(&self) -> Option<&str> {
        self.0.tracking_url.as_deref()
    }

    /// When it left.
    async fn shipped_at(&self) -> DateTime {
        self.0.shipped_at
    }

    /// When it is expected; null until somebody says.
    async fn estimated_delivery(&self) -> Option<DeliveryWindow> {
        Some((self.0.estimated_earliest?, self.0.estimated_latest?).into())
    }

    /// When it arrived; null until then.
    async fn delivered_at(&self) -> Option<DateTime> {
        self.0.delivered_at
    }

    /// What happened to it, oldest first: at most 200 events.
    async fn events(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ShipmentEvent>> {
        let rows = ctx.loaders().load::<ShipmentEventsLoader, ShipmentId>(self.0.id).await?;
        Ok(rows.unwrap_or_default().into_iter().map(ShipmentEvent::from).collect())
    }

    /// What is in it.
    async fn lines(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ShipmentLine>> {
        let rows = ctx.loaders().load::<ShipmentLinesLoader, ShipmentId>(self.0.id).await?;
        Ok(rows.unwrap_or_default().into_iter().map(ShipmentLine::from).collect())
    }
}

/// Something that happened to a parcel.
#[derive(SimpleObject)]
pub struct ShipmentEvent {
    /// When.
    occurred_at: DateTime,
    /// Where the parcel was; null if the carrier's word for it is not known here.
    status: Option<ShipmentStatusOut>,
    /// What happened, in the carrier's words; null if it gave none.
    description: Option<String>,
    /// Where it happened; null if the carrier did not say.
    location: Option<String>,
}

impl From<event::Model> for ShipmentEvent {
    fn from(row: event::Model) -> Self {
        Self {
            occurred_at: row.occurred_at,
            status: row.status.map(Into::into),
            description: row.description,
            location: row.location,
        }
    }
}

/// Units of one order line in a parcel.
#[derive(SimpleObject)]
pub struct ShipmentLine {
    /// The order's line.
    order_line_id: GlobalId<OrderLineId>,
    /// How many units.
    quantity: i64,
}

impl From<line::Model> for ShipmentLine {
    fn from(row: line::Model) -> Self {
        Self { order_line_id: GlobalId(row.order_line_id), quantity: row.quantity }
    }
}

macro_rules! loaders {
    ($($(#[$doc:meta])* $name:ident { $($key:ty => $value:ty, $read:path, $of:ident;)+ })+) => {$(
        $(#[$doc])*
        pub struct $name(App);

        impl RequestLoader for $name {
            fn new(app: &App, _: &Actor) -> Self {
                Self(app.clone())
            }
        }

        $(impl Loader<$key> for $name {
            type Value = Vec<$value>;
            type Error = SharedFault;

            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, Vec<$value>>, SharedFault> {
                let mut all: HashMap<$key, Vec<$value>> = HashMap::new();
                for row in $read(self.0.db.read(), keys).await? {
                    all.entry(row.$of).or_default().push(row);
                }
                Ok(all)
            }
        })+
    )+};
}

loaders! {
    /// Loads the parcels of orders and of supplier orders.
    ShipmentsLoader {
        OrderId => shipment::Model, shipments::of_orders, order_id;
        SupplierOrderId => shipment::Model, shipments::of_supplier_orders, supplier_order_id;
    }
    /// Loads what happened to parcels.
    ShipmentEventsLoader {
        ShipmentId => event::Model, shipments::events_of, shipment_id;
    }
    /// Loads what is in parcels.
    ShipmentLinesLoader {
        ShipmentId => line::Model, shipments::lines_of, shipment_id;
    }
}
