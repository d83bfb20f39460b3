//! The oracle can fail: for each invariant a bug is planted that breaks it, and must be found.

use consign::platform::planted::{Bug, plant};

use super::outside;
use super::run::run;

crate::plain_tests![
    a_total_that_changes_is_found,
    an_order_that_is_sent_again_blindly_is_found,
    units_that_are_planned_twice_are_found,
    money_that_is_moved_twice_is_found,
    money_that_is_held_for_nothing_is_found,
    a_commitment_that_is_forgotten_is_found,
    an_oversold_offer_is_found,
    a_use_that_is_not_counted_is_found,
    units_that_nobody_looks_after_are_found,
    money_that_does_not_go_back_is_found,
    a_reservation_that_stays_is_found,
    a_number_that_is_skipped_is_found,
    a_step_that_is_not_written_is_found,
    an_event_that_a_subscriber_misses_is_found,
    a_job_that_an_event_does_not_start_is_found,
    news_that_are_dropped_are_found,
    a_mail_that_goes_out_again_is_found,
    a_refund_that_is_repeated_is_found,
    a_job_that_is_left_to_the_dead_is_found,
];

/// So many stories find each of them.
const ENOUGH: u64 = 400;

/// Makes a test of a bug: it is found, by the invariants of these numbers.
macro_rules! found {
    ($($name:ident: $bug:ident by $invariants:expr;)*) => {
        $(async fn $name() {
            is_found(|| plant(Bug::$bug), &$invariants).await;
        })*
    };
}

found! {
    a_total_that_changes_is_found: TotalChanges by ["1"];
    an_order_that_is_sent_again_blindly_is_found: ResendBlindly by ["2"];
    units_that_are_planned_twice_are_found: PlanTwice by ["2"];
    money_that_is_moved_twice_is_found: FreshKey by ["3"];
    money_that_is_held_for_nothing_is_found: KeepLateYes by ["3"];
    a_commitment_that_is_forgotten_is_found: ForgetCommitment by ["4"];
    an_oversold_offer_is_found: Oversell by ["4"];
    a_use_that_is_not_counted_is_found: FreeDiscount by ["4"];
    units_that_nobody_looks_after_are_found: LeaveRefused by ["5"];
    money_that_does_not_go_back_is_found: KeepMoney by ["5"];
    a_reservation_that_stays_is_found: KeepReservation by ["6"];
    a_number_that_is_skipped_is_found: SkipNumber by ["7"];
    a_step_that_is_not_written_is_found: SkipStep by ["7"];
    an_event_that_a_subscriber_misses_is_found: MissEvent by ["8"];
    a_job_that_an_event_does_not_start_is_found: DropJob by ["9"];
    news_that_are_dropped_are_found: DropNews by ["5", "9"];
    a_mail_that_goes_out_again_is_found: MailAgain by ["10"];
    a_refund_that_is_repeated_is_found: RefundAgain by ["11"];
    a_job_that_is_left_to_the_dead_is_found: LeaveLost by ["12"];
}

async fn is_found(prepare: fn(), invariants: &'static [&'static str]) {
    outside(move || {
        let outcome = run(0..ENOUGH, prepare);
        let Some(broken) = outcome.broken else { panic!("{} stories did not find it", outcome.stories) };
        let text = broken.to_string();
        assert!(invariants.contains(&broken.violation.kind()), "it was found by another invariant: {text}");
        println!("found in story {}: {}", broken.seed, broken.violation.found.join("; "));
    })
    .await;
}
