//! The states of a supplier order and the edges between them: one table, from which the code checks
//! every step and the documentation is printed.

use sea_orm::{DeriveActiveEnum, EnumIter, Iterable};
use serde::{Deserialize, Serialize};

/// Where a supplier order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SupplierOrderStatus {
    /// Being put together.
    Draft,
    /// Waiting for the owner's word.
    Routed,
    /// Waiting to be sent.
    Queued,
    /// Being sent.
    Submitting,
    /// The supplier has it and has not answered.
    Submitted,
    /// The supplier said yes.
    Acknowledged,
    /// The supplier is preparing the goods.
    InProduction,
    /// Some units left.
    PartiallyShipped,
    /// All units left.
    Shipped,
    /// All units arrived.
    Delivered,
    /// Held back by the owner.
    OnHold,
    /// The supplier said no, to all of it.
    Rejected,
    /// The supplier was asked to drop it.
    CancelRequested,
    /// Dropped; nothing will be sent.
    Cancelled,
    /// It could not be sent, and trying again by itself is of no use.
    Failed,
    /// It may have reached the supplier or not; the supplier is being asked.
    Unknown,
}

/// What was asked of the supplier, and what the supplier said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestStatus {
    /// Nothing was asked yet.
    Unsubmitted,
    /// Asked; no answer yet.
    Submitted,
    /// Yes, to all of it.
    Accepted,
    /// Yes, to a part.
    PartiallyAccepted,
    /// No.
    Rejected,
    /// Asked to drop it; no answer yet.
    CancelRequested,
    /// Dropped.
    CancelAccepted,
    /// Too late to drop it.
    CancelRejected,
}

use SupplierOrderStatus as S;

/// From each state, the states that may follow.
pub const EDGES: &[(SupplierOrderStatus, &[SupplierOrderStatus])] = &[
    (S::Draft, &[S::Routed, S::Queued, S::Submitted]),
    (S::Routed, &[S::Queued, S::Submitted, S::OnHold, S::Cancelled]),
    (S::OnHold, &[S::Routed, S::Queued, S::Submitted, S::Cancelled]),
    (S::Queued, &[S::Submitting, S::OnHold, S::Cancelled, S::Failed]),
    (
        S::Submitting,
        &[
            S::Submitted,
            S::Acknowledged,
            S::InProduction,
            S::PartiallyShipped,
            S::Shipped,
            S::Delivered,
            S::Rejected,
            S::Queued,
            S::Unknown,
            S::CancelRequested,
            S::Cancelled,
            S::Failed,
        ],
    ),
    (
        S::Unknown,
        &[
            S::Queued,
            S::Submitting,
            S::Submitted,
            S::Acknowledged,
            S::InProduction,
            S::PartiallyShipped,
            S::Shipped,
            S::Delivered,
            S::Rejected,
            S::CancelRequested,
            S::Cancelled,
            S::Failed,
        ],
    ),
    (
        S::Failed,
        &[
            S::Queued,
            S::Submitted,
            S::Acknowledged,
            S::InProduction,
            S::PartiallyShipped,
            S::Shipped,
            S::Delivered,
            S::Rejected,
            S::Cancelled,
        ],
    ),
    (
        S::Submitted,
        &[
            S::Acknowledged,
            S::InProduction,
            S::PartiallyShipped,
            S::Shipped,
            S::Delivered,
            S::Rejected,
            S::CancelRequested,
            S::Cancelled,
        ],
    ),
    (
        S::Acknowledged,
        &[
            S::InProduction,
            S::PartiallyShipped,
            S::Shipped,
            S::Delivered,
            S::Rejected,
            S::CancelRequested,
            S::Cancelled,
        ],
    ),
    (S::InProduction, &[S::PartiallyShipped, S::Shipped, S::Delivered, S::Rejected, S::CancelRequested, S::Cancelled]),
    (
        S::CancelRequested,
        &[
            S::Cancelled,
            S::Rejected,
            S::Submitted,
            S::Acknowledged,
            S::InProduction,
            S::PartiallyShipped,
            S::Shipped,
            S::Delivered,
        ],
    ),
    (S::PartiallyShipped, &[S::Shipped, S::Delivered, S::CancelRequested, S::Cancelled]),
    (S::Shipped, &[S::Delivered]),
    (S::Delivered, &[]),
    (S::Rejected, &[]),
    (S::Cancelled, &[]),
];

impl SupplierOrderStatus {
    /// The states that may follow this one.
    pub fn next(self) -> &'static [Self] {
        EDGES.iter().find(|(from, _)| *from == self).map_or(&[], |(_, to)| *to)
    }

    /// Whether this state may be left for `to`.
    pub fn may_become(self, to: Self) -> bool {
        self.next().contains(&to)
    }

    /// Whether the supplier may have it, or had it.
    pub fn is_out(self) -> bool {
        !matches!(self, S::Draft | S::Routed | S::OnHold | S::Queued | S::Failed)
    }

    /// Whether nothing follows.
    pub fn is_final(self) -> bool {
        self.next().is_empty()
    }
}

/// The table as Markdown, for the documentation.
pub fn as_markdown() -> String {
    let mut text = String::from("| From | To |\n|---|---|\n");
    for from in S::iter() {
        let to: Vec<String> = from.next().iter().map(|it| format!("`{}`", name(*it))).collect();
        let to = if to.is_empty() { "(final)".to_owned() } else { to.join(", ") };
        text.push_str(&format!("| `{}` | {to} |\n", name(from)));
    }
    text
}

fn name(status: SupplierOrderStatus) -> String {
    use sea_orm::ActiveEnum;
    status.to_value()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_state_has_its_edges_and_is_reached() {
        assert_eq!(EDGES.len(), S::iter().count(), "one row per state");
        let mut reached = HashSet::from([S::Draft]);
        let mut todo = vec![S::Draft];
        while let Some(from) = todo.pop() {
            todo.extend(from.next().iter().copied().filter(|&to| reached.insert(to)));
        }
        assert_eq!(reached.len(), S::iter().count());
        for from in S::iter() {
            assert!(!from.may_become(from), "{from:?} leads to itself");
        }
    }

    #[test]
    fn the_documentation_names_every_state() {
        let text = as_markdown();
        for state in S::iter() {
            assert!(text.contains(&format!("| `{}` |", name(state))), "{state:?}");
        }
    }
}
