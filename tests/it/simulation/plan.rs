//! What a story is made of: a plain list of steps, drawn from a seed. Steps name their objects by
//! places that are counted round, so that any part of a plan is a plan.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::{Deserialize, Serialize};

/// The most steps of a story, before it is driven to its end.
const LONGEST: usize = 60;

/// What becomes of a call to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It is done, and the answer arrives.
    Good,
    /// The same as far as the partner goes: a part of the goods, a payment that is not decided yet, a
    /// cancellation that is thought about.
    Part,
    /// The partner says no.
    No,
    /// It never reaches the partner, and nobody tells.
    Before,
    /// It is done, and the answer is lost.
    After,
    /// 429, 503: surely not done.
    Busy,
    /// It is under way until a later step answers it.
    Stay,
    /// It is done, and the answer is under way until a later step.
    Late,
}

/// What a supplier or its carrier does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Accepts what it has.
    Accept,
    /// Accepts one unit less of each line.
    AcceptPart,
    /// Refuses.
    Reject,
    /// Prepares it.
    Process,
    /// Sends one unit.
    ShipOne,
    /// Sends what has not left.
    Ship,
    /// A parcel moves.
    Move,
    /// A parcel gets lost.
    Lose,
    /// A parcel arrives.
    Arrive,
    /// Agrees to a cancellation, or cancels by itself.
    Drop,
    /// Says that it is too late to cancel.
    Keep,
}

/// How a message arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrival {
    /// Once.
    Once,
    /// Once, and once more later.
    Again,
    /// Never.
    Never,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// A guest fills a cart and says yes to it.
    Buy { lines: Vec<(u8, u8)>, code: bool, fate: Fate },
    /// A buyer says the same yes again; or another one under the same key.
    Repeat { cart: u8, other: bool },
    /// A buyer whose payment failed says yes anew.
    Retry { cart: u8, fate: Fate },
    /// An order is cancelled.
    Cancel { order: u8 },
    /// The owner gives back so many quarters of an order's total; a repeat names an old key.
    Refund { order: u8, quarters: u8, again: bool },
    /// The owner works an entry of the exceptions queue.
    Decide { item: u8, action: u8 },
    /// A worker takes the next job; it may go away before it records how the job ended.
    Job { fate: Fate, unrecorded: bool },
    /// A call that is under way is answered.
    Answer { call: u8, fate: Fate },
    /// The provider decides a payment it thought about, and tells.
    Provider { payment: u8, yes: bool },
    /// A supplier does something, and tells.
    Supplier { order: u8, act: Act },
    /// A supplier at the portal does something.
    Portal { order: u8, act: Act },
    /// A supplier sells some elsewhere and reports its stock.
    Report { supplier: u8, less: u8 },
    /// A partner's message arrives.
    Deliver { message: u8, arrival: Arrival },
    /// Time passes, in seconds.
    Tick { seconds: u32 },
    /// Events get their store-wide positions.
    Number,
    /// A subscriber comes back to an order and reads on.
    Read { order: u8 },
    /// The process dies, and another one starts.
    Crash,
    /// The next step's process dies when it writes its so-many-th event.
    Doom { events: u8 },
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        10 => Just(Fate::Good),
        2 => Just(Fate::Part),
        1 => Just(Fate::No),
        1 => Just(Fate::Before),
        2 => Just(Fate::After),
        1 => Just(Fate::Busy),
        1 => Just(Fate::Stay),
        1 => Just(Fate::Late),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => Just(Act::Accept),
        2 => Just(Act::AcceptPart),
        1 => Just(Act::Reject),
        1 => Just(Act::Process),
        3 => Just(Act::ShipOne),
        4 => Just(Act::Ship),
        2 => Just(Act::Move),
        1 => Just(Act::Lose),
        4 => Just(Act::Arrive),
        1 => Just(Act::Drop),
        1 => Just(Act::Keep),
    ]
}

fn arrival() -> impl Strategy<Value = Arrival> {
    prop_oneof![6 => Just(Arrival::Once), 2 => Just(Arrival::Again), 1 => Just(Arrival::Never)]
}

fn step() -> impl Strategy<Value = Step> {
    let lines = vec((0..3_u8, 1..4_u8), 1..3);
    let seconds = prop_oneof![
        6 => 1..10_u32,
        3 => 16..40_u32,
        2 => 60..200_u32,
        1 => 600..1_200_u32,
        1 => 20_000..100_000_u32,
    ];
    prop_oneof![
        9 => (lines, any::<bool>(), fate()).prop_map(|(lines, code, fate)| Step::Buy { lines, code, fate }),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(cart, other)| Step::Repeat { cart, other }),
        1 => (any::<u8>(), fate()).prop_map(|(cart, fate)| Step::Retry { cart, fate }),
        2 => any::<u8>().prop_map(|order| Step::Cancel { order }),
        2 => (any::<u8>(), 1..5_u8, any::<bool>())
            .prop_map(|(order, quarters, again)| Step::Refund { order, quarters, again }),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(item, action)| Step::Decide { item, action }),
        40 => (fate(), prop::bool::weighted(0.07)).prop_map(|(fate, unrecorded)| Step::Job { fate, unrecorded }),
        6 => (any::<u8>(), fate()).prop_map(|(call, fate)| Step::Answer { call, fate }),
        2 => (any::<u8>(), prop::bool::weighted(0.7)).prop_map(|(payment, yes)| Step::Provider { payment, yes }),
        12 => (any::<u8>(), act()).prop_map(|(order, act)| Step::Supplier { order, act }),
        3 => (any::<u8>(), act()).prop_map(|(order, act)| Step::Portal { order, act }),
        3 => (0..2_u8, 0..3_u8).prop_map(|(supplier, less)| Step::Report { supplier, less }),
        14 => (any::<u8>(), arrival()).prop_map(|(message, arrival)| Step::Deliver { message, arrival }),
        10 => seconds.prop_map(|seconds| Step::Tick { seconds }),
        1 => Just(Step::Number),
        2 => any::<u8>().prop_map(|order| Step::Read { order }),
        2 => Just(Step::Crash),
        2 => (0..6_u8).prop_map(|events| Step::Doom { events }),
    ]
}

/// A provider says nothing for so long that the owner gives the payment up: rare among single steps.
fn silence() -> impl Strategy<Value = Vec<Step>> {
    let lines = vec((0..3_u8, 1..4_u8), 1..3);
    (lines, any::<u8>()).prop_map(|(lines, item)| {
        let job = || Step::Job { fate: Fate::Good, unrecorded: false };
        let asked = Step::Buy { lines, code: false, fate: Fate::Part };
        let given_up = Step::Decide { item, action: 1 };
        vec![asked, Step::Tick { seconds: 1_000 }, job(), job(), job(), given_up, job(), job()]
    })
}

/// The owner gives something back and, not sure of it, says so once more: rare among single steps.
fn insistence() -> impl Strategy<Value = Vec<Step>> {
    any::<u8>().prop_map(|order| {
        let refund = |again| Step::Refund { order, quarters: 1, again };
        vec![refund(false), refund(true)]
    })
}

/// A carrier's word of an arrival overtakes the supplier's word of the parcel: rare among single steps.
fn overtaking() -> impl Strategy<Value = Vec<Step>> {
    any::<u8>().prop_map(|order| {
        let job = || Step::Job { fate: Fate::Good, unrecorded: false };
        let act = |act| Step::Supplier { order, act };
        let newest = Step::Deliver { message: 0, arrival: Arrival::Once };
        vec![act(Act::Accept), act(Act::Ship), act(Act::Arrive), newest, job(), job(), job()]
    })
}

/// The plan of `seed`: always the same.
pub fn draw(seed: u64) -> Vec<Step> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let some = prop_oneof![60 => step().prop_map(|step| vec![step]), 1 => silence(), 2 => insistence(), 2 => overtaking()];
    let tree = vec(some, LONGEST / 4..LONGEST).new_tree(&mut runner);
    tree.expect("nothing is filtered out").current().concat()
}
