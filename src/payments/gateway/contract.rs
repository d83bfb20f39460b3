//! What every provider's adapter must do, whoever the provider is. Each adapter runs this against a
//! server that behaves like its provider.

use super::{AuthorizeRequest, Gateway, GatewayError, ProviderStatus};
use crate::kernel::clock::Timestamp;
use crate::kernel::money::Money;

/// Payment tokens of the provider's test mode.
pub struct Tokens {
    /// Approved at once.
    pub good: &'static str,
    /// Refused at once.
    pub declined: &'static str,
    /// Approved, but the answer is lost.
    pub lost_answer: &'static str,
    /// Decided later.
    pub pending: &'static str,
}

/// Runs the whole contract.
pub async fn check(gateway: &dyn Gateway, tokens: &Tokens) {
    one_key_has_one_effect(gateway, tokens).await;
    a_no_is_an_answer(gateway, tokens).await;
    what_is_not_known_can_be_asked(gateway, tokens).await;
    sums_follow_the_movements(gateway, tokens).await;
    what_changed_is_listed_or_nothing_is(gateway).await;
}

fn euros(minor: i64) -> Money {
    Money::from_minor(minor, "EUR".parse().expect("a currency"))
}

fn request(reference: &str, token: &str) -> AuthorizeRequest {
    AuthorizeRequest { reference: reference.to_owned(), amount: euros(1_000), token: token.to_owned() }
}

async fn one_key_has_one_effect(gateway: &dyn Gateway, tokens: &Tokens) {
    let first = gateway.authorize(&request("pay_one", tokens.good), "pay_one").await.expect("a yes");
    let again = gateway.authorize(&request("pay_one", tokens.good), "pay_one").await.expect("the same");
    assert_eq!(first, again);
    assert_eq!(
        (first.status.clone(), first.amount, first.authorized),
        (ProviderStatus::Authorized, euros(1_000), 1_000)
    );
    assert_eq!(first.reference, "pay_one");
    assert_eq!(gateway.find("pay_one").await, Ok(vec![first.clone()]));
    assert_eq!(gateway.lookup(&first.id).await, Ok(Some(first)));
    assert_eq!(gateway.lookup("nothing").await, Ok(None));
    assert_eq!(gateway.find("pay_nothing").await, Ok(vec![]));
}

async fn what_changed_is_listed_or_nothing_is(gateway: &dyn Gateway) {
    let since = |seconds| Timestamp::from_timestamp(seconds, 0).expect("a time");
    // One that cannot list says so every time.
    let Some(all) = gateway.changed_since(since(0)).await.expect("an answer") else { return };
    assert!(all.iter().any(|payment| payment.reference == "pay_one"), "{all:?}");
    assert_eq!(gateway.changed_since(since(4_000_000_000)).await, Ok(Some(vec![])));
}

async fn a_no_is_an_answer(gateway: &dyn Gateway, tokens: &Tokens) {
    let declined = gateway.authorize(&request("pay_no", tokens.declined), "pay_no").await.expect("an answer");
    assert_eq!((declined.status, declined.authorized), (ProviderStatus::Declined, 0));
    assert!(declined.decline_code.is_some());
}

async fn what_is_not_known_can_be_asked(gateway: &dyn Gateway, tokens: &Tokens) {
    let lost = gateway.authorize(&request("pay_lost", tokens.lost_answer), "pay_lost").await;
    assert!(matches!(lost, Err(GatewayError::Unknown { .. })), "{lost:?}");
    let found = gateway.find("pay_lost").await.expect("an answer");
    assert_eq!(found.iter().map(|it| it.authorized).collect::<Vec<_>>(), [1_000]);
    let again = gateway.authorize(&request("pay_lost", tokens.lost_answer), "pay_lost").await;
    assert_eq!(again, Ok(found[0].clone()), "a repeat under the key finds what was done");
    let pending = gateway.authorize(&request("pay_later", tokens.pending), "pay_later").await.expect("an answer");
    assert_eq!((pending.status, pending.authorized), (ProviderStatus::Pending, 0));
}

async fn sums_follow_the_movements(gateway: &dyn Gateway, tokens: &Tokens) {
    let id = gateway.authorize(&request("pay_sums", tokens.good), "pay_sums").await.expect("a yes").id;
    let sums = |it: super::ProviderPayment| (it.status, it.authorized, it.captured, it.voided, it.refunded);
    let held = ProviderStatus::Authorized;
    let captured = gateway.capture(&id, euros(700), "ptx_1").await.expect("captured");
    assert_eq!(sums(captured), (held.clone(), 1_000, 700, 0, 0));
    let again = gateway.capture(&id, euros(700), "ptx_1").await.expect("the same");
    assert_eq!(again.captured, 700, "one effect per key");
    let much = gateway.capture(&id, euros(400), "ptx_2").await;
    assert!(matches!(much, Err(GatewayError::Refused { .. })), "{much:?}");
    let voided = gateway.void(&id, "ptx_3").await.expect("released");
    assert_eq!(sums(voided), (held.clone(), 1_000, 700, 300, 0));
    let refunded = gateway.refund(&id, euros(250), "ptx_4").await.expect("refunded");
    assert_eq!(sums(refunded), (held, 1_000, 700, 300, 250));
    let much = gateway.refund(&id, euros(451), "ptx_5").await;
    assert!(matches!(much, Err(GatewayError::Refused { .. })), "{much:?}");
    let other = gateway.refund(&id, euros(1), "ptx_4").await;
    assert!(
        matches!(other, Err(GatewayError::Unknown { .. } | GatewayError::Refused { .. })),
        "another body: {other:?}"
    );
}
