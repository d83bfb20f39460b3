//! The choice: how many units of which offer, so that goods and shipping together cost the least.
//!
//! With the set of suppliers and a service for each of them fixed, variants no longer influence each
//! other and each is filled from its cheapest offers; so it is enough to search over those sets. Up to
//! [`EXHAUSTIVE`] of them all are tried, and the answer is the best there is; beyond, a set is improved
//! step by step until no step helps.

use super::eligible::Tariff;
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
    /// What each supplier's services charge.
    pub tariffs: Vec<Vec<Tariff>>,
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
    /// Its place in [`Puzzle::tariffs`].
    pub sender: usize,
    pub unit_cost: i64,
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
    pub cost: i128,
    pub priority: i128,
    /// Units per offer, in the order of the wants.
    pub taken: Vec<(OfferId, i64)>,
}

/// Finds the answer.
pub(super) fn solve(puzzle: &Puzzle) -> Answer {
    let settings = puzzle.tariffs.iter().try_fold(1_usize, |product, services| product.checked_mul(services.len() + 1));
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
                .tariffs
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
    let cheapest: Setting = puzzle
        .tariffs
        .iter()
        .map(|services| (0..services.len()).min_by_key(|&index| services[index].price(1)))
        .collect();
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

fn descend(puzzle: &Puzzle, mut best: Answer, mut setting: Setting) -> Answer {
    for _ in 0..MAX_STEPS {
        let mut step: Option<(Answer, usize, Option<usize>)> = None;
        for (place, services) in puzzle.tariffs.iter().enumerate() {
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
    let mut answer = Answer { left_over: 0, cost: 0, priority: 0, taken: Vec::new() };
    let mut items = vec![0_i64; setting.len()];
    for want in &puzzle.wants {
        let mut choices: Vec<(i128, &Choice)> = want
            .choices
            .iter()
            .filter_map(|choice| {
                let service = setting.get(choice.sender).copied().flatten()?;
                let per_item = puzzle.tariffs[choice.sender][service].per_item;
                Some((i128::from(choice.unit_cost) + i128::from(per_item), choice))
            })
            .collect();
        choices.sort_by_key(|(cost, choice)| (*cost, choice.priority, choice.offer));
        let filled = fill(want.quantity, &choices);
        answer.left_over += want.quantity - filled.iter().sum::<i64>();
        for ((_, choice), quantity) in choices.iter().zip(filled).filter(|(_, quantity)| *quantity > 0) {
            answer.cost += i128::from(choice.unit_cost) * i128::from(quantity);
            answer.priority += i128::from(choice.priority) * i128::from(quantity);
            items[choice.sender] += quantity;
            answer.taken.push((choice.offer, quantity));
        }
    }
    for (sender, &count) in items.iter().enumerate().filter(|(_, count)| **count > 0) {
        // Once the parcel's size is known, a service may be cheaper than the one the search assumed.
        answer.cost += puzzle.tariffs[sender].iter().map(|tariff| tariff.price(count)).min().unwrap_or(0);
    }
    answer
}

/// How many of each choice, given cheapest first, to take for `quantity`.
fn fill(quantity: i64, choices: &[(i128, &Choice)]) -> Vec<i64> {
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
fn fill_in_order(quantity: i64, choices: &[(i128, &Choice)]) -> Vec<i64> {
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
fn fill_subset(quantity: i64, choices: &[(i128, &Choice)], set: usize) -> Option<Vec<i64>> {
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
