//! The choice: how many units of which offer, so that the parcels together score the least.
//!
//! With the set of suppliers and a service for each of them fixed, variants no longer influence each
//! other and each is filled from its cheapest offers; so it is enough to search over those sets. Up to
//! [`EXHAUSTIVE`] of them all are tried, and the answer is the best there is; beyond, a set is improved
//! step by step until no step helps.

use super::reckon::Points;
use crate::kernel::ids::OfferId;

/// The most sets of suppliers and services that are all tried.
const EXHAUSTIVE: usize = 4096;
/// The most variants for which that is done.
const EXHAUSTIVE_WANTS: usize = 12;
/// The most offers of a variant whose minimum quantities are combined exactly.
const EXACT_MINIMUMS: usize = 8;
/// The most improvements of one set; each lowers the cost, so it is a guard, not a tuning.
const MAX_STEPS: usize = 100;

/// A question in plain numbers.
#[derive(Debug, Default)]
pub(super) struct Puzzle {
    /// What a parcel of each supplier scores before anything is in it, by its services.
    pub parcels: Vec<Vec<Points>>,
    /// The variants.
    pub wants: Vec<Want>,
}

/// How many of a variant are wanted, and who has them.
#[derive(Debug)]
pub(super) struct Want {
    pub quantity: i64,
    pub choices: Vec<Choice>,
}

/// An offer that may be taken.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub offer: OfferId,
    /// The place of its supplier in [`Puzzle::parcels`].
    pub sender: usize,
    /// What one unit adds, by the supplier's services.
    pub points: Vec<Points>,
    pub minimum: i64,
    pub sellable: i64,
    pub priority: i32,
}

/// Which service each supplier uses; `None`: it sends nothing.
type Setting = Vec<Option<usize>>;

/// An answer. They compare as the better one first: fewer units left over, then cheaper, then
/// preferred by the owner, then by the offers' ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Answer {
    pub left_over: i64,
    pub score: Points,
    pub priority: i128,
    /// Units per offer, in the order of the wants.
    pub taken: Vec<(OfferId, i64)>,
}

/// Finds the answer.
pub(super) fn solve(puzzle: &Puzzle) -> Answer {
    let settings = puzzle.parcels.iter().try_fold(1_usize, |product, services| product.checked_mul(services.len() + 1));
    match settings {
        Some(count) if count <= EXHAUSTIVE && puzzle.wants.len() <= EXHAUSTIVE_WANTS => exhaustive(puzzle, count),
        _ => improved(puzzle),
    }
}

/// Tries every setting.
fn exhaustive(puzzle: &Puzzle, count: usize) -> Answer {
    (0..count)
        .map(|mut number| {
            let setting: Setting = puzzle
                .parcels
                .iter()
                .map(|services| {
                    let digit = number % (services.len() + 1);
                    number /= services.len() + 1;
                    digit.checked_sub(1)
                })
                .collect();
            evaluate(puzzle, &setting)
        })
        .min()
        .unwrap_or_else(|| evaluate(puzzle, &Vec::new()))
}

/// Starts from everybody and from each supplier alone, and changes one supplier at a time while that
/// helps.
fn improved(puzzle: &Puzzle) -> Answer {
    let cheapest: Setting = (0..puzzle.parcels.len()).map(|sender| cheapest_for_all(puzzle, sender)).collect();
    let alone = (0..cheapest.len()).map(|only| {
        let mut setting = vec![None; cheapest.len()];
        setting[only] = cheapest[only];
        setting
    });
    // The best supplier alone; many orders fit into one parcel.
    let best_alone = alone.map(|setting| (evaluate(puzzle, &setting), setting)).min();
    let everybody = (evaluate(puzzle, &cheapest), cheapest);
    let starts = std::iter::once(everybody).chain(best_alone);
    let ends = starts.map(|(answer, setting)| descend(puzzle, answer, setting));
    ends.min().unwrap_or_else(|| evaluate(puzzle, &Vec::new()))
}

/// The service that costs the least if `sender` sent all it can.
fn cheapest_for_all(puzzle: &Puzzle, sender: usize) -> Option<usize> {
    let mut sums = puzzle.parcels[sender].clone();
    for want in &puzzle.wants {
        for choice in want.choices.iter().filter(|choice| choice.sender == sender) {
            add(&mut sums, choice, choice.sellable.min(want.quantity));
        }
    }
    (0..sums.len()).min_by_key(|&service| sums[service])
}

/// Adds `quantity` units of `choice` to what a parcel scores by each service.
fn add(sums: &mut [Points], choice: &Choice, quantity: i64) {
    for (sum, points) in sums.iter_mut().zip(&choice.points) {
        *sum = sum.saturating_add(points.saturating_mul(i128::from(quantity)));
    }
}

fn descend(puzzle: &Puzzle, mut best: Answer, mut setting: Setting) -> Answer {
    for _ in 0..MAX_STEPS {
        let mut step: Option<(Answer, usize, Option<usize>)> = None;
        for (place, services) in puzzle.parcels.iter().enumerate() {
            let before = setting[place];
            for other in std::iter::once(None).chain((0..services.len()).map(Some)) {
                if other == before {
                    continue;
                }
                setting[place] = other;
                let answer = evaluate(puzzle, &setting);
                if answer < best && step.as_ref().is_none_or(|(found, ..)| answer < *found) {
                    step = Some((answer, place, other));
                }
            }
            setting[place] = before;
        }
        let Some((answer, place, other)) = step else { break };
        best = answer;
        setting[place] = other;
    }
    best
}

/// The best answer under `setting`.
fn evaluate(puzzle: &Puzzle, setting: &Setting) -> Answer {
    let mut answer = Answer { left_over: 0, score: 0, priority: 0, taken: Vec::new() };
    let mut parcels: Vec<Option<Vec<Points>>> = vec![None; setting.len()];
    for want in &puzzle.wants {
        let mut choices: Vec<(Points, &Choice)> = want
            .choices
            .iter()
            .filter_map(|choice| Some((choice.points[setting.get(choice.sender).copied().flatten()?], choice)))
            .collect();
        choices.sort_by_key(|(points, choice)| (*points, choice.priority, choice.offer));
        let filled = fill(want.quantity, &choices);
        answer.left_over += want.quantity - filled.iter().sum::<i64>();
        for ((_, choice), quantity) in choices.iter().zip(filled).filter(|(_, quantity)| *quantity > 0) {
            answer.priority += i128::from(choice.priority) * i128::from(quantity);
            answer.taken.push((choice.offer, quantity));
            add(parcels[choice.sender].get_or_insert_with(|| puzzle.parcels[choice.sender].clone()), choice, quantity);
        }
    }
    // Once it is known what is in a parcel, a service may be cheaper than the one the search assumed.
    let scores = parcels.iter().flatten().filter_map(|sums| sums.iter().min());
    answer.score = scores.fold(0, |sum: Points, points| sum.saturating_add(*points));
    answer
}

/// How many of each choice, given cheapest first, to take for `quantity`.
fn fill(quantity: i64, choices: &[(Points, &Choice)]) -> Vec<i64> {
    if choices.iter().all(|(_, choice)| choice.minimum <= 1) || choices.len() > EXACT_MINIMUMS {
        return fill_in_order(quantity, choices);
    }
    let best = (0..1_usize << choices.len())
        .filter_map(|set| {
            let taken = fill_subset(quantity, choices, set)?;
            let cost: i128 = choices.iter().zip(&taken).map(|((cost, _), count)| cost * i128::from(*count)).sum();
            let priority: i128 =
                choices.iter().zip(&taken).map(|((_, it), count)| i128::from(it.priority) * i128::from(*count)).sum();
            Some((quantity - taken.iter().sum::<i64>(), cost, priority, taken))
        })
        .min_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)).then_with(|| b.3.cmp(&a.3)));
    best.map_or_else(|| vec![0; choices.len()], |(.., taken)| taken)
}

/// Cheapest first; a choice whose minimum is more than what is left is skipped.
fn fill_in_order(quantity: i64, choices: &[(Points, &Choice)]) -> Vec<i64> {
    let mut left = quantity;
    let take = |choice: &Choice, left: &mut i64| {
        let count = choice.sellable.min(*left);
        if count < choice.minimum.max(1) {
            return 0;
        }
        *left -= count;
        count
    };
    choices.iter().map(|(_, choice)| take(choice, &mut left)).collect()
}

/// Exactly the choices of `set`, each at least its minimum, the rest to the cheapest.
fn fill_subset(quantity: i64, choices: &[(Points, &Choice)], set: usize) -> Option<Vec<i64>> {
    let chosen = |index: usize| set >> index & 1 == 1;
    let least = |index: usize| if chosen(index) { choices[index].1.minimum.max(1) } else { 0 };
    let mut taken: Vec<i64> = (0..choices.len()).map(least).collect();
    let mut left = quantity.checked_sub(taken.iter().sum())?;
    if left < 0 {
        return None;
    }
    for (index, count) in taken.iter_mut().enumerate().filter(|(index, _)| chosen(*index)) {
        let more = (choices[index].1.sellable - *count).min(left);
        if more < 0 {
            return None;
        }
        *count += more;
        left -= more;
    }
    Some(taken)
}
