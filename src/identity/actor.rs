//! The one who asks.

use super::Permission;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CustomerId, OrderId, StaffId, SupplierId, SupplierOrderId};

/// Who is asking, and by which credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Who.
    pub who: Who,
    /// By what it was proved; nothing for anonymous callers, guests and the system itself.
    pub credential: Option<Credential>,
}

/// Who someone is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// Nobody in particular.
    Anonymous,
    /// A signed-in customer.
    Customer(CustomerId),
    /// Somebody without an account who proved, by an order's token, a right to that order.
    Guest(OrderId),
    /// The owner, or a member of staff.
    Staff(Staff),
    /// A supplier, by an API token.
    Supplier(SupplierId),
    /// A supplier without an account, by the link in the mail about one supplier order: that one is all it
    /// has to do with.
    OrderLink(OrderLink),
    /// The program itself: the job of this name.
    System(&'static str),
}

/// The owner, a member of staff, or an app that acts for the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Staff {
    /// The person; `None` for an API token.
    pub id: Option<StaffId>,
    /// The owner may do everything.
    pub owner: bool,
    /// What anyone else may do.
    pub permissions: Vec<Permission>,
}

/// What a link in a mail to a supplier is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrderLink {
    /// The supplier order.
    pub supplier_order_id: SupplierOrderId,
    /// Whose it is: who is noted to have answered.
    pub supplier_id: SupplierId,
}

/// What proved who someone is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Credential {
    /// The id of the session, of the API token or of the link.
    pub id: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Which kind it is.
    pub kind: CredentialKind,
}

/// Kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// A session's access token.
    Session,
    /// A long-lived API token.
    ApiToken,
    /// A token of the merchant's own identity provider.
    External,
    /// The link of a supplier order.
    OrderLink,
}

/// To whom a thing belongs. A thing may belong to a customer, to the holder of its order's token and
/// to a supplier at once.
pub trait Owned {
    /// The customer it belongs to.
    fn customer_id(&self) -> Option<CustomerId> {
        None
    }
    /// The supplier it belongs to.
    fn supplier_id(&self) -> Option<SupplierId> {
        None
    }
    /// The order it belongs to, or is.
    fn order_id(&self) -> Option<OrderId> {
        None
    }
    /// The supplier order it belongs to, or is.
    fn supplier_order_id(&self) -> Option<SupplierOrderId> {
        None
    }
}

impl Actor {
    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self::of(Who::Anonymous)
    }

    /// The program itself, at the work called `name`.
    pub fn system(name: &'static str) -> Self {
        Self::of(Who::System(name))
    }

    /// Somebody who holds the token of this order.
    pub fn guest(order_id: OrderId) -> Self {
        Self::of(Who::Guest(order_id))
    }

    /// Somebody, without a credential.
    pub fn of(who: Who) -> Self {
        Self { who, credential: None }
    }

    /// The customer this is.
    pub fn customer_id(&self) -> Option<CustomerId> {
        if let Who::Customer(id) = self.who { Some(id) } else { None }
    }

    /// The supplier this is, with a right to all that is the supplier's.
    pub fn supplier_id(&self) -> Option<SupplierId> {
        if let Who::Supplier(id) = self.who { Some(id) } else { None }
    }

    /// The supplier order whose link this actor holds.
    pub fn linked_order(&self) -> Option<SupplierOrderId> {
        if let Who::OrderLink(link) = self.who { Some(link.supplier_order_id) } else { None }
    }

    /// Whether this is a supplier, by whichever credential.
    pub fn is_supplier(&self) -> bool {
        matches!(self.who, Who::Supplier(_) | Who::OrderLink(_))
    }

    /// Whether this is the owner or staff.
    pub fn is_staff(&self) -> bool {
        matches!(self.who, Who::Staff(_))
    }

    /// Whether this is the owner.
    pub fn is_owner(&self) -> bool {
        matches!(&self.who, Who::Staff(staff) if staff.owner)
    }

    /// Whether the owner gave this actor `permission`, or this is the owner or the program itself.
    pub fn has(&self, permission: Permission) -> bool {
        match &self.who {
            Who::Staff(staff) => staff.owner || staff.permissions.contains(&permission),
            Who::System(_) => true,
            Who::Anonymous | Who::Customer(_) | Who::Guest(_) | Who::Supplier(_) | Who::OrderLink(_) => false,
        }
    }

    /// A short name for logs and for "who did this": ids only, no personal data.
    pub fn label(&self) -> String {
        match &self.who {
            Who::Anonymous => "anonymous".to_owned(),
            Who::Customer(id) => id.to_string(),
            Who::Guest(_) => "guest".to_owned(),
            Who::Staff(Staff { id: Some(id), .. }) => id.to_string(),
            Who::Staff(_) => self.credential.as_ref().map_or_else(|| "staff".to_owned(), |it| it.id.clone()),
            Who::Supplier(id) => id.to_string(),
            Who::OrderLink(link) => link.supplier_id.to_string(),
            Who::System(name) => format!("system:{name}"),
        }
    }
}
