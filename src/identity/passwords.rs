//! Passwords: Argon2id, a few at a time and in the backroom, so that a storm of sign-ins cannot starve reads.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::kernel::problem::Fault;
use crate::platform::backroom;

/// How many passwords are hashed at once: each takes one core and 19 MiB while it lasts, and what others
/// have in that core's cache.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(backroom::threads()));

/// How long a request waits for a place before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(4);

/// A hash no password fits, verified when there is no account: its absence must not be faster.
static DUMMY: LazyLock<String> = LazyLock::new(|| digest("", &[0; 16]).unwrap_or_default());

/// Stands in an account that has no password.
pub(super) const NONE: &str = "!";

/// The fewest characters of a password.
pub const MIN_LENGTH: usize = 10;
/// The most characters of a password: hashing is not free.
pub const MAX_LENGTH: usize = 256;

/// Whether a password is short enough to be looked at and long enough to be chosen.
pub(super) fn acceptable(password: &str) -> bool {
    // Counting characters of a megabyte is work too: a character has at most 4 bytes.
    password.len() <= 4 * MAX_LENGTH && (MIN_LENGTH..=MAX_LENGTH).contains(&password.chars().count())
}

/// The hash of `password`, in PHC form.
pub(super) async fn hash(app: &App, password: String) -> Result<String, Fault> {
    let salt: [u8; 16] = app.ids.bytes();
    work(move || digest(&password, &salt)).await?
}

/// Whether `password` fits `stored`. Takes as long when there is nothing stored.
pub(super) async fn verify(stored: Option<String>, password: String) -> Result<bool, Fault> {
    // An account without a password (of an identity provider's customer) takes as long as any.
    let stored = stored.filter(|stored| *stored != NONE);
    work(move || match stored {
        Some(stored) => Argon2::default().verify_password(password.as_bytes(), stored.as_str()).is_ok(),
        None => {
            let _ = Argon2::default().verify_password(password.as_bytes(), DUMMY.as_str());
            false
        }
    })
    .await
}

fn digest(password: &str, salt: &[u8; 16]) -> Result<String, Fault> {
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), salt);
    Ok(hash.map_err(|error| Fault::internal(format!("a password could not be hashed: {error}")))?.to_string())
}

async fn work<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    let busy = |_| Fault::RateLimited { retry_after: 5 };
    let place = tokio::time::timeout(PATIENCE, PLACES.acquire()).await.map_err(busy)?;
    let place = place.map_err(|_| Fault::internal("the password hashing was closed"))?;
    let done = backroom::run(job).await;
    drop(place);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_between_10_and_256_characters() {
        assert!(!acceptable("123456789"));
        assert!(acceptable("1234567890"));
        assert!(acceptable(&"ü".repeat(256)));
        assert!(!acceptable(&"a".repeat(257)));
        assert!(!acceptable(&"a".repeat(1_000_000)));
    }

    #[test]
    fn the_dummy_is_a_hash_that_costs_as_much_as_any() {
        // Everything but salt and hash: the algorithm, its version, memory, passes and lanes.
        let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        let real = digest("correct horse battery staple", &[7; 16]).expect("a hash");
        assert!(DUMMY.starts_with("$argon2id$"));
        assert_eq!(cost(&DUMMY), cost(&real));
        assert_eq!(DUMMY.len(), real.len());
    }
}
