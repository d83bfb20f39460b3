//! Discounts, tax per country, shipping rates, and the quote they add up to.
