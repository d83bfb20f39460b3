//! A write transaction that carries what its users need: the clock, the ids, and what is to be told
//! once it is committed.
//!
//! A verb that takes `&Tx` joins its caller's transaction; a verb that takes `&App` opens and commits
//! its own. Hints and cache invalidations leave only after the commit, and losing them costs nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, ExecResult, IntoActiveModel,
    Iterable, QueryResult, Statement,
};

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::TypedId;
use crate::kernel::problem::Fault;
use crate::platform::news::News;

/// So many rows are written by one statement.
const ROWS: usize = 200;

/// A write transaction. Dropped without [`Tx::commit`], it rolls back.
pub struct Tx {
    inner: DatabaseTransaction,
    app: App,
    now: Timestamp,
    after: Mutex<After>,
}

#[derive(Default)]
struct After {
    topics: Vec<String>,
    stale_keys: Vec<String>,
    news: Vec<&'static str>,
    measures: Vec<Measurement>,
}

/// Notes something in the metrics.
type Measurement = Box<dyn FnOnce() + Send>;

impl Tx {
    /// Begins: immediately exclusive on SQLite, read committed on PostgreSQL.
    pub async fn begin(app: &App) -> Result<Self, Fault> {
        let inner = app.db.begin().await?;
        Ok(Self { inner, app: app.clone(), now: app.clock.now(), after: Mutex::default() })
    }

    /// The one moment this transaction happens at.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The program this transaction belongs to.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// A new id.
    pub fn new_id<T: TypedId>(&self) -> T {
        self.app.ids.new_id(self.now)
    }

    /// Writes rows with these `columns` as they are here, all by one statement or a few. Rows that
    /// exist must be locked by the caller.
    pub async fn save_all<E>(&self, rows: Vec<E::Model>, columns: &[E::Column]) -> Result<(), Fault>
    where
        E: EntityTrait<ActiveModel: ActiveModelTrait<Entity = E>>,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let conflict = OnConflict::columns(E::PrimaryKey::iter()).update_columns(columns.iter().copied()).to_owned();
        let mut rows = rows.into_iter().map(|row| row.into_active_model().reset_all()).peekable();
        while rows.peek().is_some() {
            let some = rows.by_ref().take(ROWS);
            E::insert_many(some).on_conflict(conflict.clone()).exec_without_returning(self).await?;
        }
        Ok(())
    }

    /// Tells `topic` on the bus once this is committed.
    pub fn hint(&self, topic: impl Into<String>) {
        let topic = topic.into();
        let mut after = self.after();
        if !after.topics.contains(&topic) {
            after.topics.push(topic);
        }
    }

    /// Removes `key` from the cache once this is committed; it is news too.
    pub fn invalidate(&self, key: impl Into<String>) {
        self.after().stale_keys.push(key.into());
    }

    /// Tells this process, once this is committed, that what `tag` names has changed.
    pub fn tell(&self, tag: &'static str) {
        self.after().news.push(tag);
    }

    /// Notes something in the metrics once this is committed.
    pub fn measure(&self, measurement: impl FnOnce() + Send + 'static) {
        self.after().measures.push(Box::new(measurement));
    }

    /// Commits, then tells the cache, this process and the bus.
    pub async fn commit(self) -> Result<(), Fault> {
        self.inner.commit().await?;
        let after = self.after.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.app.cache.delete_many(&after.stale_keys).await;
        let news = self.app.local::<News>();
        after.stale_keys.iter().map(String::as_str).chain(after.news).for_each(|tag| news.tell(tag));
        after.measures.into_iter().for_each(|measurement| measurement());
        for topic in after.topics {
            self.app.bus.publish(&topic).await;
        }
        Ok(())
    }

    fn after(&self) -> MutexGuard<'_, After> {
        self.after.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}
