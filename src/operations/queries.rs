//! Reading the queue, for those who may see jobs.

use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::dead_letters;
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::JobId;
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::problem::Fault;
use crate::platform::jobs::entity::Model as JobRow;
use crate::platform::jobs::{self, Census, JobFilter};

/// A job.
pub async fn find(app: &App, actor: &Actor, id: JobId) -> Result<Option<JobRow>, Fault> {
    actor.may(Action::ReadJobs)?;
    jobs::lookup(app, id).await
}

/// The jobs, newest first.
pub async fn list(app: &App, actor: &Actor, filter: &JobFilter, page: &PageRequest) -> Result<Page<JobRow>, Fault> {
    actor.may(Action::ReadJobs)?;
    jobs::list(app, filter, page).await
}

/// How many there are. Not for those that are done, which are too many to count.
pub async fn count(app: &App, actor: &Actor, filter: &JobFilter) -> Result<i64, Fault> {
    actor.may(Action::ReadJobs)?;
    jobs::count(app, filter).await
}

/// How much there is to do.
pub async fn queue(app: &App, actor: &Actor) -> Result<Census, Fault> {
    actor.may(Action::ReadJobs)?;
    jobs::census(app).await
}

/// The global id of what a job is about: the first of its payload that is one of `prefixes`, or the order
/// that another id in it leads to.
pub async fn subject(conn: &impl ConnectionTrait, payload: &Value, prefixes: &[&str]) -> Result<Option<String>, Fault> {
    let ids = || payload.as_object().into_iter().flat_map(|fields| fields.values()).filter_map(Value::as_str);
    let named = ids().find(|id| id.split_once('_').is_some_and(|(prefix, _)| prefixes.contains(&prefix)));
    if let Some(id) = named {
        return Ok(Some(id.to_owned()));
    }
    Ok(dead_letters::concern(conn, payload).await?.order_id.map(|id| id.to_string()))
}
