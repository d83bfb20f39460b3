//! The shop's settings: name, currency, countries and their taxes, sender, capture moment.
