//! Bugs that can be planted, to show that the simulation finds them (`docs/simulation.md`).
//!
//! Only the feature `planted-bugs`, which is for tests alone, makes anything of this: without it
//! [`is`] is a constant that the compiler takes out with what hangs on it.

/// One bug of each kind that an invariant is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// 1: an order's total follows what was captured.
    TotalChanges,
    /// 2: a supplier order whose outcome is unknown is sent again at once.
    ResendBlindly,
    /// 2: refused units are planned again and still count as open.
    PlanTwice,
    /// 3: each call for a movement of money has a key of its own.
    FreshKey,
    /// 3: a late yes to an abandoned attempt is not released.
    KeepLateYes,
    /// 4: an order's units are not written down as taken.
    ForgetCommitment,
    /// 4: what is sellable is not looked at.
    Oversell,
    /// 4: the use of a discount is not counted.
    FreeDiscount,
    /// 5: refused units are planned again by nobody.
    LeaveRefused,
    /// 5: money that goes back for cancelled units does not.
    KeepMoney,
    /// 6: a checkout that failed keeps its goods.
    KeepReservation,
    /// 7: an event takes two numbers.
    SkipNumber,
    /// 7: a step to a refusal is not written down.
    SkipStep,
    /// 8: a subscriber that comes back misses the next event.
    MissEvent,
    /// 9: an event starts all of its jobs but the last.
    DropJob,
    /// 9: news of an unknown parcel counts as worked.
    DropNews,
    /// 10: a mail that went out is not noted, and goes out again.
    MailAgain,
    /// 11: a refund's repeat is a refund.
    RefundAgain,
    /// 12: a job whose worker went away is left to it.
    LeaveLost,
}

#[cfg(feature = "planted-bugs")]
thread_local! {
    /// A story is told on one thread, so that stories with and without bugs may be told side by side.
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants `bug` in what this thread does from now on.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Bug) {
    PLANTED.set(Some(bug));
}

/// Whether `bug` was planted.
#[cfg(feature = "planted-bugs")]
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Whether `bug` was planted: never.
#[cfg(not(feature = "planted-bugs"))]
pub const fn is(_bug: Bug) -> bool {
    false
}
