//! The audit log, for the owner.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::visible_to_store;
use crate::graph::scalars::{DateTime, Json};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, required};
use crate::identity::audit::{self, AuditEntry as Entry};
use crate::kernel::ids::AuditEntryId;
use crate::kernel::problem::Fault;

/// The longest text of a filter.
const MAX_TEXT: usize = 100;

/// What kind of actor somebody was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "audit::ActorKind", visible = "visible_to_store")]
pub enum AuditActorKind {
    /// Nobody in particular.
    Anonymous,
    /// A signed-in customer.
    Customer,
    /// The holder of an order's token.
    Guest,
    /// The owner, with a session or an API token.
    Owner,
    /// A member of staff, or an API token with some of the store's rights.
    Staff,
    /// A supplier.
    Supplier,
    /// The program itself, or its operator on the command line.
    System,
}

/// One field's change.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct AuditChange {
    /// Which field, as it is stored; amounts are in minor units.
    field: String,
    /// What it was; null if there was nothing.
    from: Option<Json>,
    /// What it is; null if there is nothing. Of secrets only `(hidden)`.
    to: Option<Json>,
}

/// One thing somebody did.
pub struct AuditEntry(pub Entry);

/// One thing somebody did.
#[Object(visible = "visible_to_store")]
impl AuditEntry {
    /// The id.
    async fn id(&self) -> GlobalId<AuditEntryId> {
        GlobalId(self.0.id)
    }

    /// When.
    async fn at(&self) -> DateTime {
        self.0.at
    }

    /// Who: the id of a member of staff, a customer, a supplier or an API token, or the name of a job.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// What kind of actor that is.
    async fn actor_kind(&self) -> AuditActorKind {
        self.0.actor_kind.into()
    }

    /// The session or API token it was done with; null for what the program does by itself.
    async fn credential_id(&self) -> Option<&str> {
        self.0.credential.as_deref()
    }

    /// What was done, such as `product.update`.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// What it was done to; null if that is the store itself.
    async fn subject_id(&self) -> Option<ID> {
        self.0.subject.clone().map(ID)
    }

    /// From what to what, at most one per field; empty if the action says it all.
    async fn changes(&self) -> Vec<AuditChange> {
        let some = |value: &Json| (!value.is_null()).then(|| value.clone());
        let change = |(field, it): (&String, &crate::identity::entity::audit_entry::Change)| AuditChange {
            field: field.clone(),
            from: some(&it.from),
            to: some(&it.to),
        };
        self.0.changes.0.iter().map(change).collect()
    }
}

/// Which entries of the audit log.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct AuditFilter {
    /// About what has this id.
    subject_id: Option<ID>,
    /// Of whoever has this id: a member of staff, a customer, a supplier or an API token.
    actor: Option<String>,
    /// Of this action, such as `product.update`, or with a dot at the end of all that begin so: `product.`.
    action: Option<String>,
    /// Then or later.
    since: Option<DateTime>,
    /// Before then.
    until: Option<DateTime>,
}

impl AuditFilter {
    fn read(self) -> Result<audit::AuditFilter, Fault> {
        let texts = [self.subject_id.as_deref(), self.actor.as_ref(), self.action.as_ref()];
        if texts.into_iter().flatten().any(|text| text.len() > MAX_TEXT) {
            return Err(Fault::BadInput(format!("a text of the filter has at most {MAX_TEXT} characters")));
        }
        Ok(audit::AuditFilter {
            subject: self.subject_id.map(|it| it.0),
            actor: self.actor,
            action: self.action,
            since: self.since,
            until: self.until,
        })
    }
}

/// The queries about the audit log.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// Who changed what, newest first. For the owner.
    #[graphql(visible = "visible_to_store")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which entries.")] filter: Option<AuditFilter>,
    ) -> Nullable<Connection<AuditEntry>> {
        required(list(ctx, PageArgs::new(first, after, last, before), filter).await)
    }
}

async fn list(ctx: &Context<'_>, args: PageArgs, filter: Option<AuditFilter>) -> Result<Connection<AuditEntry>, Fault> {
    let filter = filter.map(AuditFilter::read).transpose()?.unwrap_or_default();
    let page = audit::list(ctx.app(), ctx.actor(), &filter, &args.request()?).await?.map(AuditEntry);
    Connection::counted(ctx, page, audit::count(ctx.app(), ctx.actor(), &filter)).await
}
