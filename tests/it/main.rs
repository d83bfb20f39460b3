//! Integration tests, one binary.

mod simulator;
