//! Trial orders as the store's people ask for them.

use async_graphql::{Enum, InputObject, SimpleObject};

use super::inputs::SupplierUserError;
use super::types::Supplier;
use crate::checkout::graphql::AddressInput;
use crate::identity::graphql::visible_to_store;
use crate::suppliers::{Trial, TrialOrder, TrialStep};

/// What is ordered for trial.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierTestInput {
    /// The supplier's name for an item, of which one is ordered.
    supplier_sku: String,
    /// The code of the supplier's shipping service.
    shipping_service: String,
    /// Where it would go.
    address: AddressInput,
}

impl From<SupplierTestInput> for TrialOrder {
    fn from(it: SupplierTestInput) -> Self {
        Self {
            supplier_sku: it.supplier_sku,
            shipping_service: it.shipping_service,
            destination: crate::kernel::address::Address::from(it.address).tidy(),
        }
    }
}

/// A step of a trial order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "TrialStep", visible = "visible_to_store")]
pub enum SupplierTestStepKind {
    /// The order is placed.
    Place,
    /// It is found by our number.
    Find,
    /// It is taken back.
    Cancel,
}

/// A step of a trial order that was taken.
#[derive(Debug, SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierTestStep {
    /// Which.
    kind: SupplierTestStepKind,
    /// How it failed; null if it went well.
    failure: Option<String>,
}

/// What came of a trial order.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierTestPayload {
    /// The supplier; null if nothing was tried.
    supplier: Option<Supplier>,
    /// Whether every step went well; null if nothing was tried.
    passed: Option<bool>,
    /// The steps that were taken, in their order; those behind one that failed may be missing.
    #[graphql(complexity = "3 * child_complexity + 1")]
    steps: Vec<SupplierTestStep>,
    /// Why nothing was tried.
    user_errors: Vec<SupplierUserError>,
}

impl SupplierTestPayload {
    pub(super) fn of(trial: Option<Trial>, user_errors: Vec<SupplierUserError>) -> Self {
        let Some(trial) = trial else { return Self { supplier: None, passed: None, steps: vec![], user_errors } };
        let passed = Some(trial.passed());
        let step = |(kind, failure): (TrialStep, _)| SupplierTestStep { kind: kind.into(), failure };
        let steps = trial.steps.into_iter().map(step).collect();
        Self { supplier: Some(Supplier(trial.supplier)), passed, steps, user_errors }
    }
}
