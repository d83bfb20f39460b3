//! The operations that clients hold already, unmodified: each fits the schema, and all of them run in
//! order against a live store.

mod documents;
mod live;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{Request, ServerError, ValidationResult, Variables};
use consign::graph::node::Node;
use consign::graph::schema::{Mutation, Query, Subscription};
use consign::graph::user_errors::UserError;
use std::sync::{Arc, Mutex};

use self::documents::{DOCUMENTS, operations};

/// Operations that later work brings: the test fails when one of them begins to fit the schema, so
/// that it moves into the journey.
const LATER: [&str; 6] =
    ["ReturnRequest", "ReviewCreate", "Suppliers", "RoutingPreview", "ReturnApprove", "DemandForecast"];

/// The tests of this module.
pub fn tests() -> Vec<crate::support::Test> {
    let mut tests = validation();
    tests.extend(live::tests());
    tests
}

fn validation() -> Vec<crate::support::Test> {
    vec![crate::support::Test::Plain("it::journeys::every_operation_fits_the_schema", || {
        Box::pin(every_operation_fits_the_schema())
    })]
}

/// Notes what the validation says, and lets nothing run.
#[derive(Clone, Default)]
struct Verdict(Arc<Mutex<Option<Vec<ServerError>>>>);

impl ExtensionFactory for Verdict {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Extension for Verdict {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let verdict = next.run(ctx).await;
        *self.0.lock().expect("nobody panics") = Some(verdict.err().unwrap_or_default());
        Err(vec![ServerError::new("only the validation was wanted", None)])
    }
}

async fn every_operation_fits_the_schema() {
    let verdict = Verdict::default();
    let schema = async_graphql::Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<Node>()
        .register_output_type::<UserError>()
        .extension(verdict.clone())
        .finish();
    let mut wrong = Vec::new();
    for (document, text) in DOCUMENTS {
        for operation in operations(text) {
            let request = Request::new(operation.text.clone()).variables(Variables::default());
            schema.execute(request).await;
            let errors = verdict.0.lock().expect("nobody panics").take();
            let errors = errors.unwrap_or_else(|| panic!("{} was not validated", operation.name));
            // Values come with the run; here only the document counts.
            let errors: Vec<String> = errors
                .iter()
                .map(|error| error.message.clone())
                .filter(|message| !message.contains("is not provided") && !message.starts_with("Variable"))
                .collect();
            match (LATER.contains(&operation.name.as_str()), errors.is_empty()) {
                (false, false) => wrong.push(format!("{document}: {}: {}", operation.name, errors.join("; "))),
                (true, true) => wrong.push(format!("{document}: {} fits now: run it", operation.name)),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
