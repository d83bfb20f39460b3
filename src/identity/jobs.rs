//! Work that repeats: clearing out what has expired.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::entity::{
    account_action, customer, order_link, refresh_token, registration, session, sign_in_throttle, staff_invitation,
};
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};

/// How often expired credentials are cleared out.
const PERIOD: Duration = Duration::from_secs(3600);
/// How long registrations nobody verified, what waited for a mail's token, and counts of tries are kept
/// past their use.
const KEPT: TimeDelta = TimeDelta::days(1);
/// How long the address of a forgotten customer stays, sealed, for the jobs that look for what was kept
/// under it: they run at once, and this is for when they have to be tried again.
const TRACED: TimeDelta = TimeDelta::days(7);

/// Deletes sessions, refresh tokens, links, registrations and actions that have expired, and old counts of tries.
/// Ended sessions stay until they would have expired: their tokens must be known to be refused.
#[derive(Debug, Serialize, Deserialize)]
pub struct SweepCredentials {}

impl Job for SweepCredentials {
    const KIND: &'static str = "SweepCredentials";
    const PRIORITY: Priority = Priority::Patient;
    const BEAT: Option<Duration> = Some(PERIOD);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let (now, conn) = (run.app.clock.now(), run.app.db.write());
        refresh_token::Entity::delete_many().filter(refresh_token::Column::ExpiresAt.lt(now)).exec(conn).await?;
        session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(now)).exec(conn).await?;
        let registrations = registration::Entity::delete_many();
        registrations.filter(registration::Column::ExpiresAt.lt(now - KEPT)).exec(conn).await?;
        let actions = account_action::Entity::delete_many();
        actions.filter(account_action::Column::ExpiresAt.lt(now - KEPT)).exec(conn).await?;
        let invitations = staff_invitation::Entity::delete_many();
        invitations.filter(staff_invitation::Column::ExpiresAt.lt(now - KEPT)).exec(conn).await?;
        order_link::Entity::delete_many().filter(order_link::Column::ExpiresAt.lt(now)).exec(conn).await?;
        let throttles = sign_in_throttle::Entity::delete_many();
        throttles.filter(sign_in_throttle::Column::LastAt.lt(now - KEPT)).exec(conn).await?;
        let forgotten = customer::Entity::update_many()
            .col_expr(customer::Column::ErasedEmail, Expr::value(Option::<String>::None))
            .filter(customer::Column::ErasedEmail.is_not_null())
            .filter(customer::Column::ErasedAt.lt(now - TRACED));
        forgotten.exec(conn).await?;
        Ok(Done::Again(PERIOD))
    }
}
