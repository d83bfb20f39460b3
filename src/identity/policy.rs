//! Who may do what: one match.
//!
//! Someone else's object is *not found*; an act that is never one's to do is *forbidden*, or asks
//! for a credential if there is none. So nothing tells whether an object exists.

use super::{Actor, Owned, Permission, Staff, Who};
use crate::kernel::problem::Fault;

/// What somebody wants to do. One per kind of right, not one per operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See products, prices and offers that are not published.
    ReadCatalogDrafts,
    /// Change products, prices, collections.
    ManageCatalog,
    /// Import a catalog.
    ImportCatalog,
    /// Send a file.
    Upload,
    /// See background jobs.
    ReadJobs,
    /// Have dead letters tried again, or leave them undone.
    ManageJobs,
    /// See suppliers and their health.
    ReadSuppliers,
    /// Change suppliers and their services.
    ManageSuppliers,
    /// See offers, stock, reservations, the ledger.
    ReadInventory,
    /// Change offers.
    ManageInventory,
    /// Report stock, for oneself or for a supplier.
    ReportStock,
    /// See all orders.
    ReadOrders,
    /// See one order.
    ReadOrder,
    /// Cancel an order.
    CancelOrder,
    /// See supplier cost and margin.
    ReadCost,
    /// Submit and reroute supplier orders; see why they were routed so.
    ManageFulfillment,
    /// Accept, refuse, ship: a supplier's work on a supplier order.
    WorkSupplierOrder,
    /// See supplier orders.
    ReadSupplierOrder,
    /// See payments and the movements of money.
    ReadPayments,
    /// Give money back.
    Refund,
    /// See the exceptions queue.
    ReadWorkItems,
    /// Work the exceptions queue.
    ManageWorkItems,
    /// Change the store's settings.
    ManageStore,
    /// See the store's settings beyond what customers see.
    ReadStore,
    /// Make and change discounts.
    ManageDiscounts,
    /// Make rules that turn costs into prices, see what they would do, and apply them.
    ManagePriceRules,
    /// Change the password or the address of one's own account.
    UseAccount,
    /// What only a customer does: keep addresses, claim a cart or an order.
    ActAsCustomer,
    /// See customers.
    ReadCustomers,
    /// Say what a customer is called by in the store's rules.
    ManageCustomers,
    /// See one customer.
    ReadCustomer,
    /// Get everything that is kept about a customer.
    ExportCustomer,
    /// Have a customer forgotten.
    EraseCustomer,
    /// Follow everything that happens in the store.
    StoreActivity,
    /// Make and revoke API tokens.
    ManageTokens,
    /// See who changed what.
    ReadAudit,
    /// Invite and remove members of staff, and say what they may do.
    ManageStaff,
    /// See which mails went out.
    ReadNotifications,
    /// See and replay inbound webhooks.
    ManageWebhooks,
}

/// Who has a right.
enum Right {
    /// Whoever is signed in, to their own account.
    Person,
    /// Customers, to what is theirs.
    Customer,
    /// The owner alone.
    Owner,
    /// The owner, and staff with this permission.
    Store(Permission),
    /// Those, and whoever the object belongs to: its customer, or the holder of its order's token.
    StoreOrCustomer(Permission),
    /// Those, and the supplier the object belongs to.
    StoreOrSupplier(Permission),
    /// Those, and whoever holds the link of the supplier order.
    StoreOrLinked(Permission),
}

impl Action {
    fn right(self) -> Right {
        use Right::{Customer, Owner, Person, Store, StoreOrCustomer, StoreOrLinked, StoreOrSupplier};
        match self {
            Self::ReadCatalogDrafts | Self::ManageCatalog | Self::ImportCatalog | Self::Upload => {
                Store(Permission::Catalog)
            }
            Self::ReadJobs | Self::ManageJobs => Store(Permission::Settings),
            Self::ReadSuppliers | Self::ManageSuppliers => Store(Permission::Suppliers),
            Self::ReadInventory | Self::ManageInventory => Store(Permission::Inventory),
            Self::ReportStock => StoreOrSupplier(Permission::Inventory),
            Self::ReadOrders => Store(Permission::Orders),
            Self::ReadOrder | Self::CancelOrder => StoreOrCustomer(Permission::Orders),
            Self::ReadCost | Self::ManagePriceRules => Store(Permission::Costs),
            Self::ManageFulfillment => Store(Permission::Fulfillment),
            Self::WorkSupplierOrder | Self::ReadSupplierOrder => StoreOrLinked(Permission::Fulfillment),
            Self::ReadPayments | Self::Refund => Store(Permission::Payments),
            Self::ReadWorkItems | Self::ManageWorkItems => Store(Permission::Fulfillment),
            Self::ManageStore | Self::ReadStore => Store(Permission::Settings),
            Self::ManageDiscounts => Store(Permission::Discounts),
            Self::UseAccount => Person,
            Self::ActAsCustomer => Customer,
            Self::ReadCustomers | Self::ManageCustomers => Store(Permission::Customers),
            Self::ReadCustomer | Self::ExportCustomer | Self::EraseCustomer => StoreOrCustomer(Permission::Customers),
            Self::StoreActivity => Store(Permission::Orders),
            Self::ManageTokens => Store(Permission::Settings),
            Self::ReadAudit | Self::ManageStaff => Owner,
            Self::ReadNotifications => Store(Permission::Customers),
            Self::ManageWebhooks => Store(Permission::Settings),
        }
    }
}

impl Actor {
    /// Whether this actor may do `action` at all: to everything, or to what is theirs. Ask it before
    /// loading; for an action on one object ask [`Actor::may_on`] after.
    pub fn may(&self, action: Action) -> Result<(), Fault> {
        let permission = match action.right() {
            Right::Person | Right::Customer => return self.may_as_person(action),
            Right::Owner if self.is_owner() || matches!(self.who, Who::System(_)) => return Ok(()),
            Right::Owner if self.who == Who::Anonymous => return Err(Fault::Unauthenticated),
            Right::Owner => return Err(Fault::Forbidden),
            Right::Store(permission) => permission,
            // Anybody may ask for an order: without a right to it, it is not found.
            Right::StoreOrCustomer(permission) => {
                if !self.is_staff() {
                    return Ok(());
                }
                permission
            }
            Right::StoreOrSupplier(permission) => {
                if self.supplier_id().is_some() {
                    return Ok(());
                }
                permission
            }
            Right::StoreOrLinked(permission) => {
                if self.is_supplier() {
                    return Ok(());
                }
                permission
            }
        };
        match self.who {
            _ if self.has(permission) => Ok(()),
            Who::Anonymous => Err(Fault::Unauthenticated),
            _ => Err(Fault::Forbidden),
        }
    }

    /// An app acts for the store, and is nobody with an account.
    fn may_as_person(&self, action: Action) -> Result<(), Fault> {
        match (&self.who, action.right()) {
            (Who::Customer(_), _) | (Who::Staff(Staff { id: Some(_), .. }), Right::Person) => Ok(()),
            (Who::Anonymous, _) => Err(Fault::Unauthenticated),
            _ => Err(Fault::Forbidden),
        }
    }

    /// Whether this actor may do `action` to `object`. Somebody else's is [`Fault::NotFound`].
    pub fn may_on(&self, action: Action, object: &impl Owned) -> Result<(), Fault> {
        self.may(action)?;
        let theirs = match action.right() {
            Right::Owner | Right::Store(_) => true,
            Right::Person | Right::Customer => self.customer_id().is_some_and(|id| object.customer_id() == Some(id)),
            Right::StoreOrCustomer(_) => match self.who {
                Who::Customer(id) => object.customer_id() == Some(id),
                Who::Guest(order_id) => object.order_id() == Some(order_id),
                Who::Anonymous | Who::Supplier(_) | Who::OrderLink(_) => false,
                Who::Staff(_) | Who::System(_) => true,
            },
            Right::StoreOrSupplier(_) => match self.who {
                Who::Supplier(id) => object.supplier_id() == Some(id),
                Who::Staff(_) | Who::System(_) => true,
                Who::Anonymous | Who::Customer(_) | Who::Guest(_) | Who::OrderLink(_) => false,
            },
            Right::StoreOrLinked(_) => match self.who {
                Who::Supplier(id) => object.supplier_id() == Some(id),
                Who::OrderLink(link) => object.supplier_order_id() == Some(link.supplier_order_id),
                Who::Staff(_) | Who::System(_) => true,
                Who::Anonymous | Who::Customer(_) | Who::Guest(_) => false,
            },
        };
        if theirs { Ok(()) } else { Err(Fault::NotFound) }
    }

    /// What was found, if this actor may do `action` to it: for reads, where *not found* is nothing.
    /// Who is refused is refused alike whether or not there is such a thing.
    pub fn see<T: Owned>(&self, action: Action, found: Option<T>) -> Result<Option<T>, Fault> {
        self.may(action)?;
        let Some(object) = found else { return Ok(None) };
        match self.may_on(action, &object) {
            Ok(()) => Ok(Some(object)),
            Err(Fault::NotFound) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
