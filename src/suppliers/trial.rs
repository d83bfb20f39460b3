//! Whether orders reach a supplier: a trial order is placed, found again, and taken back.
//!
//! Only where the supplier's platform has orders that are none ([`Capabilities::trials`]): nothing here may ever
//! cost anybody anything.
//!
//! [`Capabilities::trials`]: super::adapter::Capabilities::trials

use std::sync::Arc;

use chrono::TimeDelta;

use super::adapter::{
    AdapterError, CancelAnswer, OrderRequest, PackingSlip, RequestLine, SupplierAdapter, adapter_for,
};
use super::error::SupplierErrorCode::{self, Invalid, NotAvailable, NotFound};
use super::supplier;
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::address::Address;
use crate::kernel::ids::{OrderLineId, SupplierId, SupplierOrderId};
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::platform::tx::Tx;
use crate::store;

/// The longest SKU, and the longest name of a shipping service.
const MAX_NAME: usize = 255;

/// What is ordered for trial.
#[derive(Debug, Clone)]
pub struct TrialOrder {
    /// The supplier's name for the item, of which one is ordered.
    pub supplier_sku: String,
    /// The code of the supplier's shipping service.
    pub shipping_service: String,
    /// Where it would go.
    pub destination: Address,
}

/// A step of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialStep {
    /// The order is placed.
    Place,
    /// It is found by our number.
    Find,
    /// It is taken back.
    Cancel,
}

/// What came of a trial.
#[derive(Debug)]
pub struct Trial {
    /// The supplier.
    pub supplier: supplier::Model,
    /// The steps that were taken, in their order, each with how it failed.
    pub steps: Vec<(TrialStep, Option<String>)>,
}

impl Trial {
    /// Whether every step went well.
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|(_, failure)| failure.is_none())
    }
}

/// Places an order that is none at the supplier, finds it, and takes it back. For the owner and staff.
pub async fn try_order(
    app: &App,
    actor: &Actor,
    id: SupplierId,
    order: TrialOrder,
) -> Result<Trial, VerbError<SupplierErrorCode>> {
    actor.may(Action::ManageSuppliers)?;
    let missing = || Problem::at(NotFound, "id", "There is no such supplier.");
    let supplier = super::lookup(app.db.read(), id).await?.ok_or_else(missing)?;
    let adapter = adapter_for(app, &supplier)?;
    if !adapter.capabilities().trials {
        let message = format!(
            "There are no trial orders at suppliers of the adapter \"{}\": a first real order, of something cheap, \
             is the test.",
            supplier.adapter
        );
        return Err(VerbError::refused(NotAvailable, "id", message));
    }
    check(&order)?;
    let request = request(app, &supplier, order).await?;
    // It ends what it began, also if its client goes away or does not wait so long.
    let steps = tokio::spawn(walk(adapter, request)).await;
    let steps = steps.map_err(|error| Fault::internal(format!("a trial order's task ended badly: {error}")))?;
    let trial = Trial { supplier, steps };
    let tx = Tx::begin(app).await?;
    audit::record(&tx, actor, "supplier.test", id, Changes::none().given("passed", trial.passed())).await?;
    tx.commit().await?;
    Ok(trial)
}

fn check(order: &TrialOrder) -> Result<(), VerbError<SupplierErrorCode>> {
    let mut problems = Vec::new();
    for (field, text) in [("supplierSku", &order.supplier_sku), ("shippingService", &order.shipping_service)] {
        if text.trim().is_empty() || text.len() > MAX_NAME || text.chars().any(char::is_control) {
            problems.push(Problem::at(Invalid, &format!("input.{field}"), "Between 1 and 255 characters."));
        }
    }
    let at = |field: &str| format!("input.address.{field}");
    problems.extend(order.destination.problems().into_iter().map(|it| Problem::at(Invalid, &at(it.field), it.message)));
    if problems.is_empty() { Ok(()) } else { Err(VerbError::Refused(problems)) }
}

async fn request(app: &App, supplier: &supplier::Model, order: TrialOrder) -> Result<OrderRequest, Fault> {
    let store_name = store::settings(app.db.read()).await?.name;
    let line = RequestLine {
        line_id: app.ids.secret_id::<OrderLineId>().to_string(),
        title: order.supplier_sku.clone(),
        sku: order.supplier_sku,
        quantity: 1,
        max_unit_cost: None,
    };
    let now = app.clock.now();
    Ok(OrderRequest {
        reference: app.ids.secret_id::<SupplierOrderId>().to_string(),
        placed_at: now,
        accept_by: now + TimeDelta::days(1),
        ship_by: now + TimeDelta::days(3),
        currency: supplier.currency()?,
        destination: order.destination,
        email: None,
        shipping_service: order.shipping_service,
        lines: vec![line],
        packing_slip: PackingSlip { store_name, order_number: "TEST".to_owned(), note: None },
    })
}

/// The steps, as far as they lead: what may have been placed is looked for, and what is there is taken back.
async fn walk(adapter: Arc<dyn SupplierAdapter>, order: OrderRequest) -> Vec<(TrialStep, Option<String>)> {
    let placed = adapter.submit_trial(&order).await;
    let mut steps = vec![(TrialStep::Place, placed.as_ref().err().map(told))];
    let own_id = placed.as_ref().ok().map(|it| it.id.clone());
    if matches!(placed, Err(AdapterError::Retry { .. } | AdapterError::Refused { .. })) {
        return steps;
    }
    let found = adapter.find(&order.reference).await;
    let not_there = || Some("the supplier does not find it under our number".to_owned());
    steps.push((
        TrialStep::Find,
        match &found {
            Ok(Some(_)) => None,
            Ok(None) => not_there(),
            Err(error) => Some(told(error)),
        },
    ));
    if let Some(id) = own_id.or_else(|| found.ok().flatten().map(|it| it.id)) {
        let failure = match adapter.cancel(&id, "a trial").await {
            Ok(CancelAnswer::Cancelled(_) | CancelAnswer::Pending(_)) => None,
            Ok(CancelAnswer::TooLate) => Some("the supplier does not take it back: delete it there".to_owned()),
            Err(error) => Some(told(&error)),
        };
        steps.push((TrialStep::Cancel, failure));
    }
    steps
}

/// How a step failed, for people.
fn told(error: &AdapterError) -> String {
    match error {
        AdapterError::Retry { reason, .. }
        | AdapterError::Unknown { reason }
        | AdapterError::Refused { reason, .. } => reason.clone(),
    }
}
