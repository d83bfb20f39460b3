//! Suppliers as the store's people see them. Customers see none of it.

mod adapters;
mod fetches;
mod inputs;
mod trial;
mod types;

use async_graphql::{Context, Object};

pub use self::adapters::{SupplierAdapter, SupplierSetting, SupplierSettingKind};
pub use self::fetches::{FetchLoader, SupplierFetch, SupplierFetchError};
pub use self::inputs::{
    SupplierCheckPayload, SupplierCreateInput, SupplierCreatePayload, SupplierShippingServiceSetInput,
    SupplierShippingServiceSetPayload, SupplierUpdateInput, SupplierUpdatePayload, SupplierUserError,
};
pub use self::trial::{SupplierTestInput, SupplierTestPayload, SupplierTestStep, SupplierTestStepKind};
pub use self::types::{DayRange, ServiceLoader, ShippingService, Supplier, SupplierLoader};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, nullable, payload, required};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;

/// The queries about suppliers.
#[derive(Default)]
pub struct SupplierQuery;

#[Object]
impl SupplierQuery {
    /// The suppliers, oldest first. For the owner and staff.
    #[graphql(
        visible = "visible_to_store",
        complexity = "first.or(last).unwrap_or(20).max(1) as usize * child_complexity + 1"
    )]
    async fn suppliers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<Supplier>> {
        required(page(ctx, PageArgs::new(first, after, last, before)).await)
    }

    /// The ways the store can talk to suppliers, and what each needs. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_adapters(&self, ctx: &Context<'_>) -> Nullable<Vec<SupplierAdapter>> {
        let may = ctx.actor().may(Action::ReadSuppliers);
        required(may.map(|()| adapters::all(ctx.app())))
    }

    /// One supplier; null if there is none with this id. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier's id.")] id: GlobalId<SupplierId>,
    ) -> Nullable<Supplier> {
        nullable(find(ctx, id.0).await)
    }
}

/// The supplier, for whoever may see suppliers.
pub async fn find(ctx: &Context<'_>, id: SupplierId) -> Result<Option<Supplier>, Fault> {
    Ok(super::find(ctx.app(), ctx.actor(), id).await?.map(Supplier))
}

async fn page(ctx: &Context<'_>, args: PageArgs) -> Result<Connection<Supplier>, Fault> {
    let page = super::list(ctx.app(), ctx.actor(), &args.request()?).await?;
    Connection::counted(ctx, page.map(Supplier), super::count(ctx.app(), ctx.actor())).await
}

/// The mutations of suppliers.
#[derive(Default)]
pub struct SupplierMutation;

#[Object]
impl SupplierMutation {
    /// Adds a supplier. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier.")] input: SupplierCreateInput,
    ) -> Nullable<SupplierCreatePayload> {
        let result = match input.new_supplier() {
            Ok(new) => super::create(ctx.app(), ctx.actor(), new).await,
            Err(problem) => Err(problem.into()),
        };
        let build =
            |(it, user_errors): (Option<_>, _)| SupplierCreatePayload { supplier: it.map(Supplier), user_errors };
        required(payload(result).map(build))
    }

    /// Changes a supplier, or pauses it. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier's id.")] id: GlobalId<SupplierId>,
        #[graphql(desc = "What is to change.")] input: SupplierUpdateInput,
    ) -> Nullable<SupplierUpdatePayload> {
        let result = match input.change() {
            Ok(change) => super::update(ctx.app(), ctx.actor(), id.0, change).await,
            Err(problem) => Err(problem.into()),
        };
        let build =
            |(it, user_errors): (Option<_>, _)| SupplierUpdatePayload { supplier: it.map(Supplier), user_errors };
        required(payload(result).map(build))
    }

    /// Asks a supplier something that changes nothing, with the credentials in its settings. For the owner and
    /// staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_check(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier's id.")] id: GlobalId<SupplierId>,
    ) -> Nullable<SupplierCheckPayload> {
        let result = payload(super::check(ctx.app(), ctx.actor(), id.0).await);
        required(result.map(|(checked, user_errors)| SupplierCheckPayload::of(checked, user_errors)))
    }

    /// Places a trial order at a supplier whose platform has such – nothing is sent and nothing is paid –, finds it
    /// again, and takes it back. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_test(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier's id.")] id: GlobalId<SupplierId>,
        #[graphql(desc = "What is ordered for trial.")] input: SupplierTestInput,
    ) -> Nullable<SupplierTestPayload> {
        let result = payload(super::try_order(ctx.app(), ctx.actor(), id.0, input.into()).await);
        required(result.map(|(trial, user_errors)| SupplierTestPayload::of(trial, user_errors)))
    }

    /// Adds one way a supplier sends parcels, or replaces the one with its code. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_shipping_service_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The service.")] input: SupplierShippingServiceSetInput,
    ) -> Nullable<SupplierShippingServiceSetPayload> {
        let result = match input.change() {
            Ok(change) => super::set_service(ctx.app(), ctx.actor(), change).await,
            Err(refusal) => Err(refusal),
        };
        let build = |(it, user_errors): (Option<_>, _)| SupplierShippingServiceSetPayload {
            shipping_service: it.map(ShippingService),
            user_errors,
        };
        required(payload(result).map(build))
    }
}
