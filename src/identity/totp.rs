//! The second factor of those who work for the store: a code that changes every 30 seconds (TOTP,
//! RFC 6238, with the parameters that every authenticator app knows), or one of ten recovery codes.
//!
//! The secret is sealed; it counts once its holder has shown a code of it. No code is good twice.

use std::net::{IpAddr, Ipv4Addr};

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use totp_rs::{Builder, Secret, Totp};

use super::audit::Changes;
use super::entity::staff::{Column, Entity, Model};
use super::entity::{recovery_code, session};
use super::{Actor, Staff, Who, audit, passwords, throttle};
use crate::app::App;
use crate::kernel::ids::{SessionId, StaffId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::keys;
use crate::platform::reseal::{self, Resealed};
use crate::platform::tx::Tx;

/// Random bytes of a secret, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code.
const RECOVERY_BYTES: usize = 10;
/// How often a wrong code is free, from wherever it comes: only who knows the password, or has a session,
/// gets here.
const FREE_CODES: u32 = 20;
/// What is counted when somebody with a session tries: it must not hold up signing in.
const SETTINGS: &str = "second-factor-settings";
/// Longer texts are no codes.
const MAX_CODE: usize = 64;

/// What is wrong with a request about the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotpProblem {
    /// The password is not the caller's.
    CredentialsInvalid,
    /// The code is not right, or was used.
    CodeInvalid,
    /// The second factor is on already.
    AlreadyOn,
    /// It was not begun, or is off.
    Off,
    /// Too many tries; wait.
    Throttled,
}

type Refused = VerbError<TotpProblem>;

/// A secret to be put into an authenticator app. Shown this once.
#[derive(Debug, Clone)]
pub struct NewTotp {
    /// The secret, in base 32.
    pub secret: String,
    /// The same as an `otpauth://` address, for a QR code.
    pub url: String,
}

/// Makes a secret for the member who asks and proves it by `password`. It counts once [`confirm`] has
/// seen a code of it; until then it may be made anew.
pub async fn begin(app: &App, actor: &Actor, shop: &str, password: &str) -> Result<NewTotp, Refused> {
    let member = checked(app, actor, password).await?;
    if member.totp_confirmed_at.is_some() {
        return Err(VerbError::refused(TotpProblem::AlreadyOn, "", "the second factor is on already"));
    }
    let secret = Secret::from(app.ids.bytes::<SECRET_BYTES>()).to_base32();
    let url = labelled(&secret, shop, &member.email)?.to_url();
    let url = url.map_err(|error| Fault::internal(format!("no address of a second factor: {error}")))?;
    let tx = Tx::begin(app).await?;
    let member = lock(&tx, member.id).await?;
    let mut row = member.clone().into_active_model();
    row.totp_sealed = Set(Some(app.sealer.seal(&context(member.id), &secret)));
    row.totp_step = Set(None);
    row.update(&tx).await?;
    tx.commit().await?;
    throttle::forget(app, &try_key(SETTINGS, member.id)).await?;
    Ok(NewTotp { secret, url })
}

/// Turns the second factor on, by a code of the secret that [`begin`] made; the recovery codes, shown
/// this once. The member's other sessions end: a password alone began them.
pub async fn confirm(app: &App, actor: &Actor, code: &str) -> Result<Vec<String>, Refused> {
    let id = member_id(actor)?;
    throttled(app, id).await?;
    let tx = Tx::begin(app).await?;
    let member = lock(&tx, id).await?;
    if member.totp_confirmed_at.is_some() {
        return Err(VerbError::refused(TotpProblem::AlreadyOn, "", "the second factor is on already"));
    }
    if member.totp_sealed.is_none() {
        return Err(VerbError::refused(TotpProblem::Off, "", "begin with a new secret"));
    }
    let step = matching_step(&tx, &member, code)?.ok_or_else(code_invalid)?;
    let mut row = member.into_active_model();
    row.totp_confirmed_at = Set(Some(tx.now()));
    row.totp_step = Set(Some(step));
    row.update(&tx).await?;
    let codes = new_recovery_codes(&tx, id).await?;
    end_other_sessions(&tx, actor, id).await?;
    audit::record(&tx, actor, "staff.secondFactorOn", id, Changes::none()).await?;
    tx.commit().await?;
    throttle::forget(app, &try_key(SETTINGS, id)).await?;
    Ok(codes)
}

/// Turns the second factor off, by password and code.
pub async fn disable(app: &App, actor: &Actor, password: &str, code: &str) -> Result<(), Refused> {
    let member = checked(app, actor, password).await?;
    let tx = Tx::begin(app).await?;
    let member = lock(&tx, member.id).await?;
    if member.totp_confirmed_at.is_none() {
        return Err(VerbError::refused(TotpProblem::Off, "", "the second factor is off"));
    }
    if !accept(&tx, &member, code).await? {
        return Err(code_invalid());
    }
    clear(&tx, member.id).await?;
    audit::record(&tx, actor, "staff.secondFactorOff", member.id, Changes::none()).await?;
    tx.commit().await?;
    throttle::forget(app, &try_key(SETTINGS, member.id)).await?;
    Ok(())
}

/// Takes a member's second factor away: the operator, for somebody who has lost it.
pub(super) async fn clear(tx: &Tx, id: StaffId) -> Result<(), Fault> {
    let mut row = lock(tx, id).await?.into_active_model();
    row.totp_sealed = Set(None);
    row.totp_confirmed_at = Set(None);
    row.totp_step = Set(None);
    row.update(tx).await?;
    recovery_code::Entity::delete_many().filter(recovery_code::Column::StaffId.eq(id)).exec(tx).await?;
    Ok(())
}

/// Counts a code about to be tried at this member's sign-in; how many seconds are left to wait if it
/// comes too early.
pub(super) async fn count_try(app: &App, id: StaffId) -> Result<Result<(), u64>, Fault> {
    throttle::count(app, &try_key("second-factor", id), FREE_CODES).await
}

/// Forgets the tries: the last one was right.
pub(super) async fn forget_tries(app: &App, id: StaffId) -> Result<(), Fault> {
    throttle::forget(app, &try_key("second-factor", id)).await
}

/// Tries from everywhere together: a code has few digits.
fn try_key(what: &str, id: StaffId) -> throttle::Key {
    throttle::key(what, &id.to_string(), IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Whether `code` is good for a member whose row is locked, and uses it up: a code of the app later than
/// the last one, or a recovery code.
pub(super) async fn accept(tx: &Tx, member: &Model, code: &str) -> Result<bool, Fault> {
    let code = code.trim();
    if code.len() > MAX_CODE {
        return Ok(false);
    }
    if let Some(step) = matching_step(tx, member, code)? {
        let mut row = member.clone().into_active_model();
        row.totp_step = Set(Some(step));
        row.update(tx).await?;
        return Ok(true);
    }
    let used = recovery_code::Entity::delete_by_id(keys::hash_token(&code.to_lowercase()))
        .filter(recovery_code::Column::StaffId.eq(member.id));
    Ok(used.exec(tx).await?.rows_affected == 1)
}

/// The time step that `code` belongs to, if it is one of the member's secret and was not used.
fn matching_step(tx: &Tx, member: &Model, code: &str) -> Result<Option<i64>, Fault> {
    let Some(sealed) = &member.totp_sealed else { return Ok(None) };
    let secret = tx.app().sealer.open(&context(member.id), sealed)?;
    let now = u64::try_from(tx.now().timestamp()).unwrap_or_default();
    let step = of_secret(&secret)?.check(code.trim(), now).and_then(|step| i64::try_from(step).ok());
    Ok(step.filter(|step| member.totp_step.is_none_or(|used| *step > used)))
}

fn of_secret(secret: &str) -> Result<Totp, Fault> {
    let secret = Secret::try_from_base32(secret).map_err(|_| Fault::internal("a second factor's secret is broken"))?;
    let totp = Builder::new().with_secret(secret).build();
    totp.map_err(|error| Fault::internal(format!("a second factor's secret is broken: {error}")))
}

fn labelled(secret: &str, shop: &str, email: &str) -> Result<Totp, Fault> {
    let secret = Secret::try_from_base32(secret).map_err(|_| Fault::internal("a second factor's secret is broken"))?;
    // A colon would end the label's first part.
    let plain = |text: &str| text.replace(':', " ");
    let totp = Builder::new().with_secret(secret).with_issuer(Some(plain(shop))).with_account_name(plain(email));
    totp.build().map_err(|error| Fault::internal(format!("no label of a second factor: {error}")))
}

/// Seals all secrets with the current key.
pub async fn reseal(app: &App) -> Result<Resealed, Fault> {
    reseal::reseal::<Entity>(app, Column::Id, Column::TotpSealed, |row| context(row.id)).await
}

/// What the secret is sealed for.
fn context(id: StaffId) -> String {
    format!("staff.totp:{id}")
}

async fn new_recovery_codes(tx: &Tx, id: StaffId) -> Result<Vec<String>, Fault> {
    recovery_code::Entity::delete_many().filter(recovery_code::Column::StaffId.eq(id)).exec(tx).await?;
    let code = |_| {
        let text = hex::encode(tx.app().ids.bytes::<RECOVERY_BYTES>());
        format!("{}-{}-{}-{}", &text[..5], &text[5..10], &text[10..15], &text[15..])
    };
    let codes: Vec<String> = (0..RECOVERY_CODES).map(code).collect();
    let rows = codes
        .iter()
        .map(|code| recovery_code::ActiveModel { code_hash: Set(keys::hash_token(code)), staff_id: Set(id) });
    recovery_code::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(codes)
}

async fn end_other_sessions(tx: &Tx, actor: &Actor, id: StaffId) -> Result<(), Fault> {
    let own = actor.credential.as_ref().and_then(|it| it.id.parse::<SessionId>().ok());
    let mut others = session::Entity::update_many()
        .set(session::ActiveModel { ended_at: Set(Some(tx.now())), ..Default::default() })
        .filter(session::Column::StaffId.eq(id))
        .filter(session::Column::EndedAt.is_null());
    if let Some(own) = own {
        others = others.filter(session::Column::Id.ne(own));
    }
    others.exec(tx).await?;
    Ok(())
}

/// The member who asks, if `password` is theirs. The try stays counted until all that is asked for was
/// right: a password must not make guesses at the code free.
async fn checked(app: &App, actor: &Actor, password: &str) -> Result<Model, Refused> {
    let id = member_id(actor)?;
    throttled(app, id).await?;
    let wrong = || VerbError::refused(TotpProblem::CredentialsInvalid, "password", "this is not your password");
    if !passwords::acceptable(password) {
        return Err(wrong());
    }
    let member = Entity::find_by_id(id).one(app.db.read()).await?.ok_or(Fault::Unauthenticated)?;
    if !passwords::verify(Some(member.password_hash.clone()), password.to_owned()).await? {
        return Err(wrong());
    }
    Ok(member)
}

async fn throttled(app: &App, id: StaffId) -> Result<(), Refused> {
    match throttle::count(app, &try_key(SETTINGS, id), FREE_CODES).await? {
        Ok(()) => Ok(()),
        Err(seconds) => {
            let message = format!("too many tries; wait {seconds} seconds");
            Err(VerbError::refused(TotpProblem::Throttled, "", message))
        }
    }
}

/// The member; API tokens are nobody's, and have no second factor.
fn member_id(actor: &Actor) -> Result<StaffId, Fault> {
    match &actor.who {
        Who::Staff(Staff { id: Some(id), .. }) => Ok(*id),
        Who::Anonymous => Err(Fault::Unauthenticated),
        _ => Err(Fault::Forbidden),
    }
}

fn code_invalid() -> Refused {
    VerbError::refused(TotpProblem::CodeInvalid, "code", "the code is not right, or was used")
}

async fn lock(tx: &Tx, id: StaffId) -> Result<Model, Fault> {
    Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(Fault::Unauthenticated)
}
