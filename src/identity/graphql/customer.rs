//! Customers, as they see themselves and as the store sees them.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Object};

use super::addresses::CustomerAddress;
use super::visible_to_store;
use crate::app::App;
use crate::graph::scalars::DateTime;
use crate::graph::{
    Connection, ContextExt, GlobalId, Nullable, PageArgs, RequestLoader, SharedFault, nullable, required,
};
use crate::identity::entity::customer::Model;
use crate::identity::entity::customer_address;
use crate::identity::{Action, Actor, addresses, customers};
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::Fault;
use crate::orders::graphql::{Order, orders_of};

/// A customer with an account.
pub struct Customer(pub Model);

/// A customer with an account.
#[Object]
impl Customer {
    /// The id.
    pub async fn id(&self) -> GlobalId<CustomerId> {
        GlobalId(self.0.id)
    }

    /// The address they sign in with; verified, in lower case.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// Given name, if they said it.
    async fn first_name(&self) -> Option<&str> {
        self.0.first_name.as_deref()
    }

    /// Family name, if they said it.
    async fn last_name(&self) -> Option<&str> {
        self.0.last_name.as_deref()
    }

    /// Whether they want news.
    async fn accepts_marketing(&self) -> bool {
        self.0.accepts_marketing
    }

    /// What the store calls them by in its rules; null for anybody else.
    #[graphql(visible = "visible_to_store")]
    async fn tags(&self, ctx: &Context<'_>) -> Option<&[String]> {
        ctx.actor().may(Action::ReadCustomers).is_ok().then_some(&self.0.tags.0)
    }

    /// When the account was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }

    /// Their address book, oldest first; at most 50.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn addresses(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CustomerAddress>> {
        Ok(self.load_addresses(ctx).await?)
    }

    /// Where parcels go unless they say otherwise; null if none was chosen.
    async fn default_address(&self, ctx: &Context<'_>) -> Nullable<CustomerAddress> {
        let id = self.0.default_address_id?;
        nullable(self.load_addresses(ctx).await.map(|all| all.into_iter().find(|it| it.row.id == id)))
    }

    /// Their orders, newest first; null for those who may not see orders.
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<Order>> {
        required(orders_of(ctx, self.0.id, PageArgs::new(first, after, last, before)).await)
    }
}

impl Customer {
    async fn load_addresses(&self, ctx: &Context<'_>) -> Result<Vec<CustomerAddress>, SharedFault> {
        let found = ctx.loaders().load::<AddressesLoader, CustomerId>(self.0.id).await?.unwrap_or_default();
        let default = self.0.default_address_id;
        Ok(found.into_iter().map(|row| CustomerAddress { default: default == Some(row.id), row }).collect())
    }
}

/// The customer, for themselves and for the store.
pub async fn find_customer(ctx: &Context<'_>, id: CustomerId) -> Result<Option<Customer>, Fault> {
    let found = customers::lookup(ctx.app().db.read(), id).await?;
    Ok(ctx.actor().see(Action::ReadCustomer, found)?.map(Customer))
}

/// The queries about customers.
#[derive(Default)]
pub struct CustomerQuery;

#[Object]
impl CustomerQuery {
    /// The customer who is asking; null for anybody else.
    async fn me(&self, ctx: &Context<'_>) -> Nullable<Customer> {
        let id = ctx.actor().customer_id()?;
        nullable(find_customer(ctx, id).await)
    }
}

/// Loads customers by id. Whoever uses it has decided that the actor may see them.
pub struct CustomerLoader(App);

impl RequestLoader for CustomerLoader {
    fn new(app: &App, _: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<CustomerId> for CustomerLoader {
    type Value = Model;
    type Error = SharedFault;

    async fn load(&self, keys: &[CustomerId]) -> Result<HashMap<CustomerId, Model>, SharedFault> {
        let rows = customers::load_many(self.0.db.read(), keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

/// Loads the address books of customers. Whoever uses it has decided that the actor may see them.
pub struct AddressesLoader(App);

impl RequestLoader for AddressesLoader {
    fn new(app: &App, _: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<CustomerId> for AddressesLoader {
    type Value = Vec<customer_address::Model>;
    type Error = SharedFault;

    async fn load(&self, keys: &[CustomerId]) -> Result<HashMap<CustomerId, Self::Value>, SharedFault> {
        let mut all: HashMap<CustomerId, Self::Value> = HashMap::new();
        for row in addresses::of_customers(self.0.db.read(), keys).await? {
            all.entry(row.customer_id).or_default().push(row);
        }
        Ok(all)
    }
}
