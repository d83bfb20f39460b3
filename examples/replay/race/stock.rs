//! More buyers than units.

use anyhow::ensure;

use super::super::data::{Good, Offer};
use super::carts::{confirm_all, orders, prepare};
use super::{Lab, tell};

/// Units there are in each round.
const UNITS: usize = 5;

/// What is sold in a round.
pub fn good(round: usize) -> Good {
    let offers = vec![Offer { supplier: 0, cost: 500, stock: UNITS as i64 }];
    Good { code: format!("RACE{round:03}"), title: format!("Race good {round}"), price: 1000, offers }
}

/// Exactly the units there are, are sold.
pub async fn run(lab: &mut Lab) -> anyhow::Result<()> {
    for two_lines in [false, true] {
        for round in 0..lab.rounds {
            let number = if two_lines { lab.rounds + round } else { round };
            let sold = run_round(lab, number, two_lines).await?;
            ensure!(sold == UNITS, "{sold} sold where there were {UNITS}");
        }
        let race = if two_lines { "five units, two lines in every other cart" } else { "five units" };
        tell(race, lab.rounds, lab.buyers, "exactly five sold");
    }
    Ok(())
}

/// All buyers prepare a cart, then complete at once; answers how many units were sold.
async fn run_round(lab: &mut Lab, number: usize, two_lines: bool) -> anyhow::Result<usize> {
    let variant = lab.variant(&good(number).code)?.to_owned();
    let lines = |buyer: usize| if two_lines && buyer.is_multiple_of(2) { 2 } else { 1 };
    let (mut carts, mut units) = (Vec::new(), std::collections::BTreeMap::new());
    for buyer in 0..lab.buyers {
        let key = format!("stock-{number}-{buyer}");
        units.insert(key.clone(), lines(buyer));
        carts.push((key, prepare(&lab.client, &variant, lines(buyer), None).await?));
    }
    let endings = confirm_all(&lab.client, carts, "tok_ok").await?;
    let placed = |(_, ending): &&(String, super::carts::Ending)| matches!(ending, super::carts::Ending::Placed(_));
    let sold = endings.iter().filter(placed).map(|(key, _)| units[key]).sum();
    lab.placed.extend(orders(endings, &["OUT_OF_STOCK", "TOTAL_MISMATCH"])?);
    Ok(sold)
}
