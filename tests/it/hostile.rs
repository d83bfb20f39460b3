//! Requests that are meant to hurt: each is answered as it should be. What they cost is measured by
//! `cargo run --release --example hostile`.

use std::collections::HashSet;

use self::corpus::SIZE;
use crate::support::app::TestApp;

#[path = "hostile/corpus.rs"]
mod corpus;

crate::engine_tests![hostile_requests_are_answered_as_they_should_be];

async fn hostile_requests_are_answered_as_they_should_be(app: TestApp) {
    let all = corpus::all();
    let names: HashSet<&str> = all.iter().map(|hostile| hostile.name).collect();
    assert!(all.len() >= 120 && names.len() == all.len(), "{} requests, {} names", all.len(), names.len());
    let mut wrong = Vec::new();
    for hostile in &all {
        assert!(hostile.text_bytes() <= SIZE, "{} has {} bytes", hostile.name, hostile.text_bytes());
        let answer = app.as_guest().send(hostile.request()).await;
        let code = answer.codes().into_iter().next();
        if code.as_deref() != hostile.code {
            let body: String = answer.body.to_string().chars().take(300).collect();
            wrong.push(format!("{}: {code:?} and not {:?}: {body}", hostile.name, hostile.code));
        }
        let length = answer.body.to_string().len();
        if hostile.code.is_some() && length > 10 * 1024 {
            wrong.push(format!("{}: {length} bytes to say no", hostile.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
