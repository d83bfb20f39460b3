//! Carts and the checkout, as buyers meet them.

mod carts;
mod outcomes;
mod refusals;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    let mut all = carts::tests();
    all.extend(refusals::tests());
    all.extend(outcomes::tests());
    all
}
