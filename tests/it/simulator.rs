//! The simulator over real HTTP, as a store meets it.

mod gateway;
mod rig;
mod suppliers;
