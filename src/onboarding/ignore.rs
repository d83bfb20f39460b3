//! The owner's word that items are nothing for the store.

use std::collections::HashMap;

use super::entity::item::{self, ItemState, Suggestions};
use super::error::OnboardingErrorCode::{AlreadyMapped, NotFound};
use super::{Bulk, Refusal, queries};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::SupplierItemId;
use crate::kernel::problem::Problem;
use crate::platform::tx::Tx;

/// Has items left alone: fetches suggest nothing for them any more. They can be mapped and imported all the same.
/// For the owner and staff.
pub async fn ignore_items(app: &App, actor: &Actor, ids: &[SupplierItemId]) -> Result<Bulk, Refusal> {
    actor.may(Action::ManageSuppliers)?;
    let tx = Tx::begin(app).await?;
    let rows = queries::lock(&tx, ids.iter().copied()).await?;
    let mut rows: HashMap<SupplierItemId, item::Model> = rows.into_iter().map(|it| (it.id, it)).collect();
    let (mut done, mut changed) = (Bulk::default(), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        let at = format!("ids.{index}");
        match rows.get_mut(id) {
            None => done.problems.push(Problem::at(NotFound, &at, "There is no such item.")),
            Some(row) if row.state == ItemState::Mapped => {
                done.problems.push(Problem::at(AlreadyMapped, &at, "The item is an offer of a variant already."));
            }
            Some(row) => {
                if row.state != ItemState::Ignored {
                    row.state = ItemState::Ignored;
                    row.suggestions = Suggestions::default();
                    row.updated_at = tx.now();
                    changed.push(row.clone());
                }
                done.items.push(row.clone());
            }
        }
    }
    let mut by_supplier: HashMap<_, Changes> = HashMap::new();
    for row in &changed {
        let changes = by_supplier.remove(&row.supplier_id).unwrap_or_default();
        by_supplier.insert(row.supplier_id, changes.given(&row.supplier_sku, "IGNORED"));
    }
    tx.save_all::<item::Entity>(changed, &[item::Column::State, item::Column::Suggestions, item::Column::UpdatedAt])
        .await?;
    for (supplier, changes) in by_supplier {
        audit::record(&tx, actor, "supplier.items_ignore", supplier, changes).await?;
    }
    tx.commit().await?;
    Ok(done)
}
