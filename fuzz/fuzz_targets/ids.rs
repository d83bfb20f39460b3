//! Ids: a text that reads as an id is the one way to write it.
#![no_main]

use consign::kernel::ids::{CartId, OrderId, ProductId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(id) = text.parse::<OrderId>() {
        assert_eq!(id.to_string(), text);
        assert!(text.parse::<CartId>().is_err());
    }
    if let Ok(id) = text.parse::<ProductId>() {
        assert_eq!(id.to_string(), text);
    }
});
