//! What is counted of a document before it is validated: no text makes it fail, or take long.
#![no_main]

use std::sync::LazyLock;

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use consign::graph;
use consign::graph::limits::shape::Shape;
use consign::graph::limits::{cost, merge, structure, text};
use consign::platform::limits::Limits;
use libfuzzer_sys::fuzz_target;

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::of_sdl(&graph::sdl()));

fuzz_target!(|query: &str| {
    let limits = Limits::default();
    if text::check(query, &limits).is_err() {
        return;
    }
    let Ok(document) = parse_query(query) else { return };
    if structure::check(&document, &limits).and_then(|()| merge::check(&document)).is_err() {
        return;
    }
    for (_, operation) in document.operations.iter() {
        if let Ok(cost) = cost::check(&SHAPE, &document, &operation.node, &Variables::default(), &limits) {
            assert!(cost <= limits.cost);
        }
    }
});
