//! The tables of carts.

pub mod cart;
pub mod cart_line;
pub mod hold;
