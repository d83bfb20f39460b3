//! What a database knows about having been restored from a backup.
//!
//! A copy says when it was taken. Restoring it adds when that was; from then on whatever is older than
//! the restoration may have gone on at suppliers and payment providers without a trace here. So the rooms
//! ask before they act on such things ([`concerns`]), and `consign recover` asks after the rest.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, Set, Statement};

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::problem::Fault;

/// The only row's id.
const ROW: i32 = 1;

/// The row, in a copy and in what was restored from one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "restoration")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// When the copy was taken: what happened since is not in here.
    pub taken_at: Timestamp,
    /// When it took the place of another database; `None` in a copy.
    pub restored_at: Option<Timestamp>,
    /// When `consign recover` had asked after everything.
    pub recovered_at: Option<Timestamp>,
}

/// It has no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// What a copy taken at `at` says.
    pub fn copy(at: Timestamp) -> Self {
        Self { id: ROW, taken_at: at, restored_at: None, recovered_at: None }
    }
}

/// The row of a database that was restored; `None` in every other.
pub async fn lookup(conn: &impl ConnectionTrait) -> Result<Option<Model>, DbErr> {
    Ok(of_copy(conn).await?.filter(|it| it.restored_at.is_some()))
}

/// The row of a copy, or of a database that was restored.
pub async fn of_copy(conn: &impl ConnectionTrait) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(ROW).one(conn).await
}

/// Writes the row.
pub async fn save(conn: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    let columns = [Column::TakenAt, Column::RestoredAt, Column::RecoveredAt];
    let conflict = OnConflict::column(Column::Id).update_columns(columns).to_owned();
    Entity::insert(row.into_active_model().reset_all()).on_conflict(conflict).exec_without_returning(conn).await?;
    Ok(())
}

/// When the newest event happened: a copy without a row was surely not taken before that.
pub async fn newest_event(conn: &impl ConnectionTrait) -> Result<Option<Timestamp>, DbErr> {
    let sql = "SELECT occurred_at FROM event ORDER BY occurred_at DESC LIMIT 1";
    let row = conn.query_one_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    row.map(|row| row.try_get("", "occurred_at")).transpose()
}

/// Notes that everything was asked after.
pub async fn note_recovered(app: &App, at: Timestamp) -> Result<(), Fault> {
    let row = ActiveModel { id: Set(ROW), recovered_at: Set(Some(at)), ..Default::default() };
    Entity::update(row).exec(app.db.write()).await?;
    Ok(())
}

/// Whether what began at `begun` may have gone on elsewhere without a trace here: the database was
/// restored after it. As this process knows it, which looked when it started.
pub fn concerns(app: &App, begun: Timestamp) -> bool {
    app.restored.as_ref().and_then(|it| it.restored_at).is_some_and(|at| begun <= at)
}
