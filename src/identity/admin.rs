//! What the operator does from the command line.

use crate::app::App;
use crate::kernel::ids::StaffId;
use crate::kernel::problem::VerbError;

/// What is wrong with an account's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountProblem {
    /// The e-mail address is not one.
    EmailInvalid,
    /// The password is too short or too long.
    PasswordInvalid,
    /// Another text is too long.
    TooLong,
    /// The address has an account already.
    Taken,
}

/// Makes the owner's account, or gives the owner with that address a new password.
pub async fn create_owner(app: &App, email: &str, password: &str) -> Result<StaffId, VerbError<AccountProblem>> {
    let _ = (app, email, password);
    todo!()
}
