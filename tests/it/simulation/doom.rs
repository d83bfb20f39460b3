//! A process that dies in the middle of a transaction: at the so-many-th event it writes. The table of
//! jobs that events start is the program's one function that is handed in and called inside of every
//! transaction that matters, so that is where it happens.

use std::cell::Cell;
use std::sync::Once;

use consign::kernel::problem::Fault;
use consign::platform::jobs::NewJob;
use consign::platform::outbox::entity::Model as Event;
use consign::worker;

thread_local! {
    /// How many events this thread's process writes before it dies.
    static LEFT: Cell<Option<u8>> = const { Cell::new(None) };
    static DEAD: Cell<bool> = const { Cell::new(false) };
}

/// What the process leaves behind.
struct Death;

/// The process of this thread dies when it has written so many events.
pub fn after(events: u8) {
    LEFT.set(Some(events));
}

/// It does not die any more.
pub fn lift() {
    LEFT.set(None);
}

/// Whether it died since this was last asked.
pub fn has_struck() -> bool {
    DEAD.replace(false)
}

/// The jobs an event starts, unless the process dies here.
pub fn routes(event: &Event) -> Result<Vec<NewJob>, Fault> {
    match LEFT.get() {
        Some(0) => {
            lift();
            DEAD.set(true);
            std::panic::panic_any(Death);
        }
        Some(left) => LEFT.set(Some(left - 1)),
        None => {}
    }
    worker::routes(event)
}

/// Has no word said about deaths that are meant.
pub fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic.payload().is::<Death>() {
                before(panic);
            }
        }));
    });
}

/// Whether the process died and nobody noticed yet.
pub fn is_due() -> bool {
    DEAD.get()
}
