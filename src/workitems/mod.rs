//! The exceptions queue: what a person has to look at, with its reason and next actions.
