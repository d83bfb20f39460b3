//! What operators do: copies and restorations, finding out what was lost, looking whether all is well.

mod background;
mod backup;
mod doctor;
mod recover;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [background::tests(), backup::tests(), doctor::tests(), recover::tests()].into_iter().flatten().collect()
}
