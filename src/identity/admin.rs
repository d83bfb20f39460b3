//! What the operator does from the command line.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::audit::Changes;
use super::entity::api_token::Permissions;
use super::entity::staff;
use super::sessions::Holder;
use super::{Actor, accounts, audit, passwords, sessions, totp};
use crate::app::App;
use crate::kernel::email;
use crate::kernel::ids::StaffId;
use crate::kernel::problem::VerbError;
use crate::platform::tx::Tx;

/// What is wrong with an account's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountProblem {
    /// The e-mail address is not one.
    EmailInvalid,
    /// The password is too short or too long.
    PasswordInvalid,
    /// Nobody of the store has this address.
    NotFound,
}

/// Makes the owner's account, or gives the account with that address a new password and the owner's
/// rights: whoever runs commands on the server owns the store.
pub async fn create_owner(app: &App, email: &str, password: &str) -> Result<StaffId, VerbError<AccountProblem>> {
    let invalid = || VerbError::refused(AccountProblem::EmailInvalid, "email", "this is not an e-mail address");
    let email = email::parse(email).map(|it| email::key(&it)).map_err(|_| invalid())?;
    if !passwords::acceptable(password) {
        let message = format!("a password has {} to {} characters", passwords::MIN_LENGTH, passwords::MAX_LENGTH);
        return Err(VerbError::refused(AccountProblem::PasswordInvalid, "password", message));
    }
    let password_hash = passwords::hash(app, password.to_owned()).await?;
    let tx = Tx::begin(app).await?;
    let known = staff::Entity::find().filter(staff::Column::Email.eq(&email)).lock_exclusive().one(&tx).await?;
    let row = match known {
        Some(known) => {
            let holder = Holder::Staff(known.id);
            accounts::set_password(&tx, holder, password_hash).await?;
            sessions::end_all(&tx, holder).await?;
            let mut row = known.into_active_model();
            row.owner = Set(true);
            row.role_id = Set(None);
            row.update(&tx).await?
        }
        None => {
            let row = staff::ActiveModel {
                id: Set(tx.new_id()),
                email: Set(email),
                password_hash: Set(password_hash),
                owner: Set(true),
                permissions: Set(Permissions(vec![])),
                created_at: Set(tx.now()),
                ..Default::default()
            };
            row.insert(&tx).await?
        }
    };
    audit::record(&tx, &Actor::system("cli"), "owner.create", row.id, Changes::none()).await?;
    tx.commit().await?;
    tracing::info!(staff.id = %row.id, "the owner's account is ready");
    Ok(row.id)
}

/// Takes the second factor away from somebody of the store who has lost it.
pub async fn reset_second_factor(app: &App, email: &str) -> Result<(), VerbError<AccountProblem>> {
    let missing = || VerbError::refused(AccountProblem::NotFound, "email", "nobody of the store has this address");
    let email = email::parse(email).map(|it| email::key(&it)).map_err(|_| missing())?;
    let tx = Tx::begin(app).await?;
    let member = staff::Entity::find().filter(staff::Column::Email.eq(&email)).one(&tx).await?.ok_or_else(missing)?;
    totp::clear(&tx, member.id).await?;
    audit::record(&tx, &Actor::system("cli"), "staff.secondFactorOff", member.id, Changes::none()).await?;
    tx.commit().await?;
    Ok(())
}
