//! The schema, put together from the slices' parts.

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions};

use super::node::{Node, NodeQuery};
use super::scalars::{DateTime, Decimal, Json};
use super::user_errors::UserError;
use crate::identity::graphql::{IdentityMutation, IdentityQuery};
use crate::notifications::graphql::NotificationQuery;
use crate::suppliers::graphql::{SupplierMutation, SupplierQuery};
use crate::workitems::graphql::{WorkItemMutation, WorkItemQuery};

/// The schema of this program.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// What can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    NodeQuery,
    // identity
    IdentityQuery,
    // store
    crate::store::graphql::StoreQuery,
    // workitems
    WorkItemQuery,
    // catalog
    crate::catalog::graphql::CatalogQuery,
    crate::importing::graphql::ImportQuery,
    // suppliers
    SupplierQuery,
    //
    // inventory
    crate::inventory::graphql::InventoryQuery,
    //
    // pricing
    crate::pricing::graphql::PricingQuery,
    // routing
    crate::routing::graphql::RoutingQuery,
    crate::pricing::graphql::PriceRuleQuery,
    crate::pricing::graphql::PriceProposalQuery,
    // payments
    //
    // orders
    crate::orders::graphql::OrderQuery,
    //
    // checkout
    crate::checkout::graphql::CheckoutQuery,
    // fulfillment
    crate::fulfillment::graphql::FulfillmentQuery,
    //
    // shipments
    //
    // notifications
    NotificationQuery,
    // privacy
    crate::privacy::graphql::PrivacyQuery,
    // operations
    crate::operations::graphql::OperationsQuery,
    // webhooks
    crate::webhooks::graphql::WebhookQuery,
    //
);

/// What can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    // identity
    IdentityMutation,
    // store
    crate::store::graphql::StoreMutation,
    // workitems
    WorkItemMutation,
    // catalog
    crate::catalog::graphql::CatalogMutation,
    // suppliers
    SupplierMutation,
    //
    // inventory
    crate::inventory::graphql::InventoryMutation,
    //
    // pricing
    crate::pricing::graphql::PricingMutation,
    // routing
    crate::routing::graphql::RoutingMutation,
    crate::pricing::graphql::PriceRuleMutation,
    crate::pricing::graphql::PricesMutation,
    // payments
    crate::payments::graphql::RefundMutation,
    // orders
    crate::orders::graphql::OrderMutation,
    // privacy
    crate::privacy::graphql::PrivacyMutation,
    // operations
    crate::operations::graphql::OperationsMutation,
    // checkout
    crate::checkout::graphql::CheckoutMutation,
    // fulfillment
    crate::fulfillment::graphql::FulfillmentMutation,
    //
    // shipments
    crate::shipments::graphql::ShipmentMutation,
    //
    // importing
    crate::importing::graphql::ImportMutation,
    // onboarding
    crate::onboarding::graphql::OnboardingMutation,
    // webhooks
    crate::webhooks::graphql::WebhookMutation,
    //
);

/// What can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    // orders
    crate::orders::graphql::OrderSubscription,
    //
    // shipments
    crate::shipments::graphql::ShipmentSubscription,
    //
);

/// Builds the schema.
pub fn build() -> Schema {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<Node>()
        .register_output_type::<UserError>()
        .override_output_type_description::<DateTime>("A moment, as RFC 3339 text, such as `2026-11-22T17:50:28Z`.")
        .override_output_type_description::<Decimal>("An exact decimal number, written as text, such as `\"12.50\"`.")
        .override_output_type_description::<Json>("Any JSON value.")
        // Suggestions tell what exists to whoever guesses.
        .disable_suggestions()
        .finish()
}

/// The schema as text, sorted, as `schema/schema.graphql` has it.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items().include_specified_by();
    build().sdl_with_options(options)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_builds() {
        assert!(super::sdl().contains("interface Node"));
    }
}
