//! The GraphQL edge: schema assembly, transport, limits, scalars.
//!
//! The slices write their own types and resolvers in their `graphql` files; this room puts them
//! together, decides what a client may ask and how much of it, and says errors in one voice.
//!
//! # How a resolver is written
//!
//! With async-graphql 8.0.0-rc.5 a failing `Result<Option<T>>` nulls the *parent* and loses the
//! path. A failing `Option<Result<T>>` nulls just the field, as the specification wants. So every
//! root field, and every nullable field that can fail, returns [`Nullable`]; and since `?` is of no
//! use in a function that returns one, its work is done in a function that returns a `Result`:
//!
//! ```ignore
//! /// An order.
//! async fn order(&self, ctx: &Context<'_>, #[graphql(desc = "The order's id.")] id: GlobalId<OrderId>) -> Nullable<Order> {
//!     nullable(orders::find(ctx.app(), ctx.actor(), id.0).await.map(|found| found.map(Order)))
//! }
//!
//! /// The orders, newest first.
//! async fn orders(&self, ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> Nullable<Connection<Order>> {
//!     required(self.load_orders(ctx, PageArgs::forward(first, after)).await)
//! }
//!
//! /// Cancels an order.
//! async fn order_cancel(&self, ctx: &Context<'_>, id: GlobalId<OrderId>, input: OrderCancelInput) -> Nullable<OrderCancelPayload> {
//!     let result = fulfillment::cancel(ctx.app(), ctx.actor(), id.0, input.into()).await;
//!     required(payload(result).map(|(order, user_errors)| OrderCancelPayload { order: order.map(Order), user_errors }))
//! }
//! ```
//!
//! A field that is not nullable may return a plain `Result<T>`: its failure nulls the parent, which
//! is what its type says. A [`Fault`](crate::kernel::problem::Fault) passes through `?` as it is and
//! gets its code at the edge ([`errors`]).

pub mod schema;

pub mod connection;
pub mod context;
pub mod errors;
pub mod loaders;
pub mod scalars;
pub mod user_errors;

pub mod node;

mod accept;
mod address;
mod documents;
pub mod execute;
mod explorer;
mod http;
mod incoming;
mod introspection;
pub mod kept;
pub mod limits;
mod metrics;
mod origin;
mod rate;
mod session;
mod sse;
mod tarpit;
pub mod trusted;
mod ws;
mod ws_message;
mod ws_session;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::any;
use tower_http::cors::{AllowOrigin, CorsLayer};

pub use self::connection::{Connection, PageArgs};
pub use self::context::ContextExt;
pub use self::errors::SharedFault;
pub use self::loaders::{Loaders, RequestLoader};
pub use self::scalars::GlobalId;
pub use self::schema::{Schema, build, sdl};
pub use self::user_errors::payload;
use crate::app::App;

/// What a root field and a nullable field that can fail return.
pub type Nullable<T> = Option<async_graphql::Result<T>>;

/// A field that may be null, from a read that may find nothing.
pub fn nullable<T, E: Into<async_graphql::Error>>(result: Result<Option<T>, E>) -> Nullable<T> {
    result.map_err(Into::into).transpose()
}

/// A field that is null only when it fails.
pub fn required<T, E: Into<async_graphql::Error>>(result: Result<T, E>) -> Nullable<T> {
    Some(result.map_err(Into::into))
}

/// The GraphQL endpoint of `app`: HTTP, WebSocket and Server-Sent Events under `/graphql`.
pub fn router(app: App) -> Router {
    let cors = cors(&app.config.allowed_origins);
    let edge = Arc::new(execute::Edge::new(app));
    Router::new().route("/graphql", any(http::handle)).layer(cors).with_state(edge)
}

/// Browsers of the configured origins may call with a credential of their own; no cookies exist.
pub fn cors(origins: &[String]) -> CorsLayer {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    let request_id = HeaderName::from_static("x-request-id");
    let asked = [header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT, request_id.clone()];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(asked.into_iter().chain(origin::PREFLIGHTED).collect::<Vec<_>>())
        .expose_headers([request_id, header::RETRY_AFTER])
        .max_age(std::time::Duration::from_secs(600))
}
