//! What a supplier at the portal tells of its parcels.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::types::{Shipment, ShipmentStatusOut};
use crate::fulfillment::graphql::SupplierOrderLineInput;
use crate::graph::scalars::Url;
use crate::graph::{ContextExt, GlobalId, Nullable, payload, required};
use crate::identity::graphql::visible_to_supplier;
use crate::kernel::clock::Moment;
use crate::kernel::ids::{ShipmentId, SupplierOrderId};
use crate::kernel::problem::VerbError;
use crate::shipments::portal::{self, Parcel, ParcelEvent, ShipmentProblem};
use crate::shipments::shipment;
use crate::user_error;

/// Why something was not done with a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ShipmentProblem", visible = "visible_to_supplier")]
pub enum ShipmentErrorCode {
    /// A value is out of bounds.
    Invalid,
    /// There is no such supplier order, line or parcel.
    NotFound,
    /// The supplier order does not wait for parcels.
    WrongState,
    /// More units than were accepted and have not left yet.
    NotAccepted,
}

user_error!(ShipmentUserError, ShipmentErrorCode, "visible_to_supplier");

/// A parcel that left.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct ShipmentCreateInput {
    /// The carrier, in at most 100 characters.
    carrier: String,
    /// The carrier's number for it, in at most 100 characters. The same number of the same carrier is
    /// the same parcel.
    tracking_number: String,
    /// The carrier's page about it.
    tracking_url: Option<Url>,
    /// When it left; now without.
    shipped_at: Option<Moment>,
    /// How many of which line; everything that has not left without.
    #[graphql(validator(max_items = 250))]
    lines: Option<Vec<SupplierOrderLineInput>>,
}

impl From<ShipmentCreateInput> for Parcel {
    fn from(it: ShipmentCreateInput) -> Self {
        Self {
            carrier: it.carrier,
            tracking_number: it.tracking_number,
            tracking_url: it.tracking_url.map(|url| url.0.to_string()),
            shipped_at: it.shipped_at.map(|it| it.0),
            lines: SupplierOrderLineInput::units(it.lines),
        }
    }
}

/// Something that happened to a parcel.
#[derive(Debug, Clone, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct ShipmentEventInput {
    /// The sender's id of it, in at most 100 characters; a repeat is the same event.
    id: String,
    /// Where the parcel is.
    status: ShipmentStatusOut,
    /// When it happened.
    occurred_at: Moment,
    /// What happened, in at most 500 characters.
    description: Option<String>,
    /// Where, in at most 100 characters.
    location: Option<String>,
}

impl From<ShipmentEventInput> for ParcelEvent {
    fn from(it: ShipmentEventInput) -> Self {
        Self {
            id: it.id,
            status: it.status.into(),
            occurred_at: it.occurred_at.0,
            description: it.description,
            location: it.location,
        }
    }
}

/// What became of a parcel.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct ShipmentPayload {
    /// The parcel as it is now; null if nothing was done.
    shipment: Option<Shipment>,
    /// What is wrong; empty if it was done.
    user_errors: Vec<ShipmentUserError>,
}

/// The mutations of parcels.
#[derive(Default)]
pub struct ShipmentMutation;

#[Object]
impl ShipmentMutation {
    /// Tells of a parcel that left. For the supplier of the supplier order, and the store. A repeat
    /// answers the parcel as it is.
    #[graphql(visible = "visible_to_supplier")]
    async fn shipment_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] supplier_order_id: GlobalId<SupplierOrderId>,
        #[graphql(desc = "The parcel.")] input: ShipmentCreateInput,
    ) -> Nullable<ShipmentPayload> {
        answer(portal::create(ctx.app(), ctx.actor(), supplier_order_id.0, input.into()).await)
    }

    /// Tells what happened to a parcel. For its sender, and the store. A repeat changes nothing.
    #[graphql(visible = "visible_to_supplier")]
    async fn shipment_event_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The parcel's id.")] shipment_id: GlobalId<ShipmentId>,
        #[graphql(desc = "What happened.")] input: ShipmentEventInput,
    ) -> Nullable<ShipmentPayload> {
        answer(portal::add_event(ctx.app(), ctx.actor(), shipment_id.0, input.into()).await)
    }
}

fn answer(result: Result<shipment::Model, VerbError<ShipmentProblem>>) -> Nullable<ShipmentPayload> {
    let build = |(found, user_errors): (Option<_>, _)| ShipmentPayload { shipment: found.map(Shipment), user_errors };
    required(payload(result).map(build))
}
