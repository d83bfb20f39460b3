//! Everything with a global id, by that id.

use async_graphql::{Context, ID, Interface, Object};

use super::{Nullable, nullable};
use crate::identity::graphql::{ApiToken, Customer, find_customer, find_token};
use crate::kernel::ids::{ApiTokenId, CustomerId, JobId, NotificationId, TypedId, WorkItemId};
use crate::kernel::problem::Fault;
use crate::notifications::graphql::Notification;
use crate::workitems::graphql::WorkItem;

/// Makes [`Node`] and [`load`] from one line per type: the type, the type of its id, and the read
/// `fn(&Context, id) -> Result<Option<type>, Fault>` that decides who may see it.
macro_rules! nodes {
    ($($variant:ident($($object:ident)::+), $id:ty, $find:path;)*) => {
        /// Anything with an id of its own.
        #[derive(Interface)]
        #[graphql(field(name = "id", ty = "ID", desc = "The id: opaque, and unique in the whole store."))]
        pub enum Node {
            $(
                #[doc = concat!("See `", stringify!($variant), "`.")]
                $variant($($object)::+),
            )*
        }

        /// What `id` stands for, if there is such a thing and the actor may see it.
        pub async fn load(ctx: &Context<'_>, id: &str) -> Result<Option<Node>, Fault> {
            $(
                if let Ok(id) = id.parse::<$id>() {
                    return Ok($find(ctx, id).await?.map(Node::$variant));
                }
            )*
            Err(Fault::BadInput("not the id of a node".to_owned()))
        }

        /// The prefixes of ids that [`load`] knows.
        pub const PREFIXES: &[&str] = &[$(<$id as TypedId>::PREFIX),*];
    };
}

nodes! {
    // One line per type, by slice:
    Job(crate::operations::graphql::Job), JobId, crate::operations::graphql::find;
    // identity
    Customer(Customer), CustomerId, find_customer;
    ApiToken(ApiToken), ApiTokenId, find_token;
    StaffMember(crate::identity::graphql::staff::StaffMember), crate::kernel::ids::StaffId, crate::identity::graphql::staff::find_member;
    Role(crate::identity::graphql::staff::Role), crate::kernel::ids::RoleId, crate::identity::graphql::staff::find_role;
    // workitems
    WorkItem(WorkItem), WorkItemId, crate::workitems::graphql::find;
    // catalog
    Product(crate::catalog::graphql::Product), crate::kernel::ids::ProductId, crate::catalog::graphql::find_product;
    ProductVariant(crate::catalog::graphql::ProductVariant), crate::kernel::ids::VariantId, crate::catalog::graphql::find_variant;
    Collection(crate::catalog::graphql::Collection), crate::kernel::ids::CollectionId, crate::catalog::graphql::find_collection;
    // suppliers
    Supplier(crate::suppliers::graphql::Supplier), crate::kernel::ids::SupplierId, crate::suppliers::graphql::find;
    //
    // inventory
    SupplierOffer(crate::inventory::graphql::SupplierOffer), crate::kernel::ids::OfferId, crate::inventory::graphql::find_offer;
    //
    // pricing
    Discount(crate::pricing::graphql::Discount), crate::kernel::ids::DiscountId, crate::pricing::graphql::find_discount;
    PriceRule(crate::pricing::graphql::PriceRule), crate::kernel::ids::PriceRuleId, crate::pricing::graphql::find_rule;
    // payments
    Payment(crate::payments::graphql::Payment), crate::kernel::ids::PaymentAttemptId, crate::payments::graphql::find;
    PaymentTransaction(crate::payments::graphql::PaymentTransaction), crate::kernel::ids::PaymentTransactionId, crate::payments::graphql::find_transaction;
    Refund(crate::payments::graphql::Refund), crate::kernel::ids::RefundId, crate::payments::graphql::find_refund;
    // orders
    Order(crate::orders::graphql::Order), crate::kernel::ids::OrderId, crate::orders::graphql::find;
    //
    // fulfillment
    SupplierOrder(crate::fulfillment::graphql::SupplierOrder), crate::kernel::ids::SupplierOrderId, crate::fulfillment::graphql::find;
    //
    // shipments
    Shipment(crate::shipments::graphql::Shipment), crate::kernel::ids::ShipmentId, crate::shipments::graphql::find;
    //
    // notifications
    Notification(Notification), NotificationId, crate::notifications::graphql::find;
    // webhooks
    WebhookDelivery(crate::webhooks::graphql::WebhookDelivery), crate::kernel::ids::WebhookId, crate::webhooks::graphql::find;
}

/// The query for anything by its id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Anything with a global id; null if there is no such thing for whoever asks.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "A global id.")] id: ID) -> Nullable<Node> {
        nullable(load(ctx, &id).await)
    }
}
