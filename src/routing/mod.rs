//! Which supplier sends what: pure planning over offers, with the reasons.
