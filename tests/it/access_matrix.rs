//! Who may do what: every operation of the schema has a row here, run as eleven actors against a store
//! with real rows of every type; every field of every type has a rule, read on every way there is.
//! What is written here is told to people in `docs/access.md`.

pub mod askers;
pub mod docs;
pub mod fields;
pub mod foreign;
pub mod model;
pub mod operations;
pub mod parts;
pub mod rows;
pub mod rulebook;
pub mod rules;
pub mod snapshot;
pub mod world;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    let mut all = engine::tests();
    all.extend(plain::tests());
    all
}

/// Each test builds the world once, and looks at it from several sides.
mod engine {
    use std::sync::Arc;

    use super::world::World;
    use super::{fields, foreign, operations};
    use crate::support::app::TestApp;

    crate::engine_tests![whoever_looks_sees_what_is_theirs, whoever_acts_changes_what_is_theirs];

    async fn whoever_looks_sees_what_is_theirs(app: TestApp) {
        let world = Arc::new(World::build(&app).await);
        foreign::no_list_filter_search_or_count_tells_of_what_is_hidden(&world).await;
        foreign::a_node_shows_to_whom_it_should(&world).await;
        foreign::a_stream_begins_for_whom_it_should(&world).await;
        fields::every_field_shows_to_whom_it_should(&world).await;
    }

    async fn whoever_acts_changes_what_is_theirs(app: TestApp) {
        let world = World::build(&app).await;
        foreign::what_is_foreign_inside_an_input_is_not_found(&world).await;
        foreign::anothers_sku_is_unknown(&world).await;
        operations::every_operation_lets_through_whom_it_should(&world).await;
    }
}

mod plain {
    use super::docs::the_page_about_access_says_what_is_tested;
    use super::rulebook::every_field_has_a_rule;
    use super::operations::every_operation_has_a_row;

    crate::plain_tests![
        every_operation_has_a_row,
        every_field_has_a_rule,
        the_page_about_access_says_what_is_tested,
    ];
}
