//! A visitor becomes a customer.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::customer::Customer;
use super::session::Session;
use crate::graph::{ContextExt, Nullable, payload, required};
use crate::identity::credentials::CredentialProblem;
use crate::identity::registrations::{self, Registration, RegistrationProblem};
use crate::identity::sessions::SessionProblem;
use crate::user_error;

/// What can be wrong with a request about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AccountErrorCode {
    /// A field is malformed, too long or missing.
    Invalid,
    /// The e-mail address is not one.
    EmailInvalid,
    /// The password has fewer than 10 or more than 256 characters.
    PasswordInvalid,
    /// The address and the password do not belong together.
    CredentialsInvalid,
    /// The password is right, and the account has a second factor: give its code too.
    SecondFactorRequired,
    /// The code of the second factor is not right, or was used.
    SecondFactorInvalid,
    /// The token is unknown, used, void or expired.
    TokenInvalid,
    /// Too many tries from here; wait.
    Throttled,
}

impl From<RegistrationProblem> for AccountErrorCode {
    fn from(problem: RegistrationProblem) -> Self {
        match problem {
            RegistrationProblem::EmailInvalid => Self::EmailInvalid,
            RegistrationProblem::PasswordInvalid => Self::PasswordInvalid,
            RegistrationProblem::Invalid => Self::Invalid,
            RegistrationProblem::TokenInvalid => Self::TokenInvalid,
        }
    }
}

impl From<CredentialProblem> for AccountErrorCode {
    fn from(problem: CredentialProblem) -> Self {
        match problem {
            CredentialProblem::EmailInvalid => Self::EmailInvalid,
            CredentialProblem::PasswordInvalid => Self::PasswordInvalid,
            CredentialProblem::CredentialsInvalid => Self::CredentialsInvalid,
            CredentialProblem::TokenInvalid => Self::TokenInvalid,
            CredentialProblem::Throttled => Self::Throttled,
        }
    }
}

impl From<SessionProblem> for AccountErrorCode {
    fn from(problem: SessionProblem) -> Self {
        match problem {
            SessionProblem::CredentialsInvalid => Self::CredentialsInvalid,
            SessionProblem::TokenInvalid => Self::TokenInvalid,
            SessionProblem::SecondFactorRequired => Self::SecondFactorRequired,
            SessionProblem::SecondFactorInvalid => Self::SecondFactorInvalid,
            SessionProblem::Throttled => Self::Throttled,
            SessionProblem::Invalid => Self::Invalid,
        }
    }
}

user_error!(CustomerRegisterUserError, AccountErrorCode);
user_error!(EmailVerifyUserError, AccountErrorCode);

/// What a visitor fills in to get an account.
#[derive(InputObject)]
pub struct CustomerRegisterInput {
    /// The address; a mail goes there.
    email: String,
    /// The password, of 10 to 256 characters.
    password: String,
    /// Given name, of at most 100 characters.
    first_name: Option<String>,
    /// Family name, of at most 100 characters.
    last_name: Option<String>,
    /// Whether news may be sent; not, if not said.
    accepts_marketing: Option<bool>,
}

/// What became of a registration.
#[derive(SimpleObject)]
pub struct CustomerRegisterPayload {
    /// Whether it was taken. A mail to the address tells how to go on.
    accepted: bool,
    /// What is wrong with the input; empty if it was taken.
    user_errors: Vec<CustomerRegisterUserError>,
}

/// What became of a verification.
#[derive(SimpleObject)]
pub struct EmailVerifyPayload {
    /// The new customer; null if the token is not good.
    customer: Option<Customer>,
    /// A session of the new customer; null if the token is not good.
    session: Option<Session>,
    /// Why not; empty if it was.
    user_errors: Vec<EmailVerifyUserError>,
}

/// The mutations that make accounts.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Asks for an account. The answer is the same for a new and for a known address: what happened
    /// goes out by mail.
    async fn customer_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who registers.")] input: CustomerRegisterInput,
    ) -> Nullable<CustomerRegisterPayload> {
        let input = Registration {
            email: input.email,
            password: input.password,
            first_name: input.first_name,
            last_name: input.last_name,
            accepts_marketing: input.accepts_marketing.unwrap_or_default(),
        };
        let result = registrations::register(ctx.app(), input, ctx.address()).await;
        required(
            payload(result)
                .map(|(done, user_errors)| CustomerRegisterPayload { accepted: done.is_some(), user_errors }),
        )
    }

    /// Makes the account whose address the token of a mail proves, and signs its holder in. The token
    /// is good once, for 24 hours.
    async fn email_verify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token from the mail.")] token: String,
    ) -> Nullable<EmailVerifyPayload> {
        let result = registrations::verify_email(ctx.app(), &token).await;
        required(payload(result).map(|(done, user_errors)| {
            let (customer, session) = done.unzip();
            EmailVerifyPayload { customer: customer.map(Customer), session: session.map(Session), user_errors }
        }))
    }
}
