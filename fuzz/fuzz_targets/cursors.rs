//! Cursors: what reads back is what was written, and no text makes reading fail.
#![no_main]

use consign::kernel::page::{decode_cursor, encode_cursor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, i64, &str)| {
    let (text, number, name) = input;
    let key = (number, name.to_owned());
    let cursor = encode_cursor("fuzz", &key);
    if cursor.len() <= 1024 {
        assert_eq!(decode_cursor::<(i64, String)>("fuzz", &cursor), Ok(key));
    }
    assert!(decode_cursor::<(i64, String)>("other", &cursor).is_err());
    if let Ok(key) = decode_cursor::<(i64, String)>("fuzz", text) {
        assert_eq!(decode_cursor::<(i64, String)>("fuzz", &encode_cursor("fuzz", &key)), Ok(key));
    }
});
