//! Customers say who they are and where they live.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::customer::Customer;
use super::visible_to_store;
use crate::checkout::graphql::AddressInput;
use crate::graph::scalars::Address;
use crate::graph::{ContextExt, GlobalId, Nullable, payload, required};
use crate::identity::customers::CustomerProblem;
use crate::identity::entity::customer_address::Model;
use crate::identity::profile::{self, ProfileChange};
use crate::identity::{addresses, tags};
use crate::kernel::ids::{CustomerAddressId, CustomerId};
use crate::user_error;

/// What can be wrong with a request about a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "CustomerProblem")]
pub enum CustomerErrorCode {
    /// A field is too long, or has characters that are not text.
    Invalid,
    /// There is no such customer or address.
    NotFound,
    /// A parcel could not arrive at the address.
    AddressInvalid,
    /// There are as many addresses as there may be.
    TooMany,
    /// The password is not the account's.
    CredentialsInvalid,
    /// Too many tries from here; wait.
    Throttled,
}

user_error!(CustomerUserError, CustomerErrorCode);

/// An address in a customer's address book.
pub struct CustomerAddress {
    /// The address.
    pub row: Model,
    /// Whether it is the default.
    pub default: bool,
}

/// An address in a customer's address book.
#[Object]
impl CustomerAddress {
    /// The id.
    async fn id(&self) -> GlobalId<CustomerAddressId> {
        GlobalId(self.row.id)
    }

    /// The address.
    async fn address(&self) -> Address {
        self.row.address.clone().into()
    }

    /// Whether parcels go there unless they say otherwise.
    async fn default(&self) -> bool {
        self.default
    }
}

/// What is to change; what is left out stays.
#[derive(InputObject)]
pub struct CustomerUpdateInput {
    /// Given name, of at most 100 characters; an empty one removes it.
    first_name: Option<String>,
    /// Family name, of at most 100 characters; an empty one removes it.
    last_name: Option<String>,
    /// Whether news may be sent.
    accepts_marketing: Option<bool>,
}

/// What became of a change of an account.
#[derive(SimpleObject)]
pub struct CustomerUpdatePayload {
    /// The customer as they are now; null if the change was refused.
    customer: Option<Customer>,
    /// Why the change was refused; empty if it was not.
    user_errors: Vec<CustomerUserError>,
}

/// What became of the choice of a default address.
#[derive(SimpleObject)]
pub struct CustomerDefaultAddressSetPayload {
    /// The customer as they are now; null if the choice was refused.
    customer: Option<Customer>,
    /// Why the choice was refused; empty if it was not.
    user_errors: Vec<CustomerUserError>,
}

/// What became of a new address.
#[derive(SimpleObject)]
pub struct CustomerAddressCreatePayload {
    /// The customer, with the address; null if it was refused.
    customer: Option<Customer>,
    /// The id of the address; null if it was refused.
    address_id: Option<GlobalId<CustomerAddressId>>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<CustomerUserError>,
}

/// What became of a change of an address.
#[derive(SimpleObject)]
pub struct CustomerAddressUpdatePayload {
    /// The customer, with the address as it is now; null if the change was refused.
    customer: Option<Customer>,
    /// Why the change was refused; empty if it was not.
    user_errors: Vec<CustomerUserError>,
}

/// What became of the end of an address.
#[derive(SimpleObject)]
pub struct CustomerAddressDeletePayload {
    /// The customer, without the address; null if that was refused.
    customer: Option<Customer>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<CustomerUserError>,
}

/// What became of a customer's tags.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct CustomerTagsSetPayload {
    /// The customer; null if the change was refused.
    customer: Option<Customer>,
    /// Why the change was refused; empty if it was not.
    user_errors: Vec<CustomerUserError>,
}

/// The mutations about customers, most of them their own.
#[derive(Default)]
pub struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Changes what the customer who asks says of themselves.
    async fn customer_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: CustomerUpdateInput,
    ) -> Nullable<CustomerUpdatePayload> {
        let change = ProfileChange {
            first_name: input.first_name,
            last_name: input.last_name,
            accepts_marketing: input.accepts_marketing,
        };
        let result = profile::update(ctx.app(), ctx.actor(), change).await;
        required(
            payload(result)
                .map(|(customer, user_errors)| CustomerUpdatePayload { customer: customer.map(Customer), user_errors }),
        )
    }

    /// Gives a customer tags that the store's rules may name: these, and no others. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn customer_tags_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which customer.")] id: GlobalId<CustomerId>,
        #[graphql(desc = "The tags: at most 50, each of 1 to 100 characters.", validator(max_items = 50))] tags: Vec<
            String,
        >,
    ) -> Nullable<CustomerTagsSetPayload> {
        let result = tags::set(ctx.app(), ctx.actor(), id.0, tags).await;
        required(
            payload(result).map(|(customer, user_errors)| CustomerTagsSetPayload {
                customer: customer.map(Customer),
                user_errors,
            }),
        )
    }

    /// Notes an address in the address book of the customer who asks, which holds 50. The first one is
    /// the default.
    async fn customer_address_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] address: AddressInput,
    ) -> Nullable<CustomerAddressCreatePayload> {
        let result = addresses::create(ctx.app(), ctx.actor(), address.into()).await;
        required(payload(result).map(|(made, user_errors)| {
            let (customer, address_id) = made.map(|(customer, id)| (Customer(customer), GlobalId(id))).unzip();
            CustomerAddressCreatePayload { customer, address_id, user_errors }
        }))
    }

    /// Replaces an address of the customer who asks. Carts and orders it was copied to keep the old one.
    async fn customer_address_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which address.")] id: GlobalId<CustomerAddressId>,
        #[graphql(desc = "The address as it is now.")] address: AddressInput,
    ) -> Nullable<CustomerAddressUpdatePayload> {
        let result = addresses::update(ctx.app(), ctx.actor(), id.0, address.into()).await;
        required(payload(result).map(|(customer, user_errors)| CustomerAddressUpdatePayload {
            customer: customer.map(Customer),
            user_errors,
        }))
    }

    /// Forgets an address of the customer who asks. Without the default one there is none until another
    /// is chosen.
    async fn customer_address_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which address.")] id: GlobalId<CustomerAddressId>,
    ) -> Nullable<CustomerAddressDeletePayload> {
        let result = addresses::delete(ctx.app(), ctx.actor(), id.0).await;
        required(payload(result).map(|(customer, user_errors)| CustomerAddressDeletePayload {
            customer: customer.map(Customer),
            user_errors,
        }))
    }

    /// Makes an address of the customer who asks the one that parcels go to unless they say otherwise.
    async fn customer_default_address_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which address.")] id: GlobalId<CustomerAddressId>,
    ) -> Nullable<CustomerDefaultAddressSetPayload> {
        let result = addresses::choose_default(ctx.app(), ctx.actor(), id.0).await;
        required(payload(result).map(|(customer, user_errors)| CustomerDefaultAddressSetPayload {
            customer: customer.map(Customer),
            user_errors,
        }))
    }
}
