//! Long-lived opaque tokens (`cst_…`): for suppliers' portals, apps and scripts. Only a hash is kept.

use super::{Actor, Permission, entity::api_token};
use crate::app::App;
use crate::kernel::ids::{ApiTokenId, SupplierId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::problem::{Fault, VerbError};

/// What a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenScope {
    /// Everything.
    Owner,
    /// What a member of staff with these permissions may.
    Staff(Vec<Permission>),
    /// What this supplier may.
    Supplier(SupplierId),
}

/// A token about to be made.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// What it is for, in the owner's words.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// How many days it lives; 90 if not said.
    pub days: Option<u32>,
}

/// A token just made. The plaintext is shown this once.
#[derive(Debug, Clone)]
pub struct CreatedToken {
    /// What is kept.
    pub token: api_token::Model,
    /// `cst_…`.
    pub plaintext: String,
}

/// What is wrong with a request about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenProblem {
    /// A field is empty, too long or out of range.
    Invalid,
    /// There is no such token or supplier.
    NotFound,
    /// Nobody can give a right that they do not have.
    ScopeTooWide,
}

/// Makes a token.
pub async fn create(app: &App, actor: &Actor, new: NewApiToken) -> Result<CreatedToken, VerbError<TokenProblem>> {
    let _ = (app, actor, new);
    todo!()
}

/// Ends a token; one that has ended stays so.
pub async fn revoke(app: &App, actor: &Actor, id: ApiTokenId) -> Result<api_token::Model, VerbError<TokenProblem>> {
    let _ = (app, actor, id);
    todo!()
}

/// The tokens, newest first.
pub async fn list(app: &App, actor: &Actor, page: &PageRequest) -> Result<Page<api_token::Model>, Fault> {
    let _ = (app, actor, page);
    todo!()
}
