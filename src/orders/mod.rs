//! The order, its lines and facts, its derived states, its timeline.
