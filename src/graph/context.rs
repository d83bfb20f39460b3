//! What a resolver reaches through its context.

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::ContextBase;

use super::kept::Shown;
use super::loaders::Loaders;
use crate::app::App;
use crate::identity::Actor;

/// What every request carries; the transports put it there.
pub struct RequestContext {
    /// The program.
    pub app: App,
    /// Who is asking.
    pub actor: Actor,
    /// From where.
    pub address: IpAddr,
    /// This request's loaders, never another's.
    pub loaders: Loaders,
    /// Where its answer's changing parts are noted, if it may be kept.
    pub shown: Option<Arc<Shown>>,
}

impl RequestContext {
    /// The context of one request of `actor`.
    pub fn new(app: &App, actor: &Actor, address: IpAddr) -> Self {
        let loaders = Loaders::new(app.clone(), actor.clone());
        Self { app: app.clone(), actor: actor.clone(), address, loaders, shown: None }
    }

    /// The context of a subscription of `actor`, which outlives what loaders may remember.
    pub fn of_stream(app: &App, actor: &Actor, address: IpAddr) -> Self {
        Self { loaders: Loaders::forgetful(app.clone(), actor.clone()), ..Self::new(app, actor, address) }
    }

    /// Puts the context into `request`, with the actor beside it for `visible` functions.
    pub fn attach(self, request: async_graphql::Request) -> async_graphql::Request {
        request.data(self.actor.clone()).data(self)
    }
}

/// Shorthand for what every request carries.
pub trait ContextExt {
    /// The program.
    fn app(&self) -> &App;
    /// Who is asking.
    fn actor(&self) -> &Actor;
    /// From where the request came, for throttling.
    fn address(&self) -> IpAddr;
    /// This request's loaders.
    fn loaders(&self) -> &Loaders;
    /// Notes that the answer shows what `tag` names, which changes often.
    fn shows(&self, tag: impl FnOnce() -> String);
}

impl<T> ContextExt for ContextBase<'_, T> {
    fn app(&self) -> &App {
        &request(self).app
    }

    fn actor(&self) -> &Actor {
        &request(self).actor
    }

    fn address(&self) -> IpAddr {
        request(self).address
    }

    fn loaders(&self) -> &Loaders {
        &request(self).loaders
    }

    fn shows(&self, tag: impl FnOnce() -> String) {
        if let Some(shown) = &request(self).shown {
            shown.note(&tag());
        }
    }
}

fn request<'a, T>(ctx: &'a ContextBase<'_, T>) -> &'a RequestContext {
    ctx.data_opt::<RequestContext>().expect("every transport puts a RequestContext into its requests")
}
