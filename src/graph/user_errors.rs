//! User errors: what the caller can mend.
//!
//! Every mutation's payload lists its own kind of user error, with a code of its own area; all of
//! them share one interface. A slice makes its kind with [`user_error!`](crate::user_error); the
//! interface finds it by its name.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaField, MetaType, MetaTypeId, Registry};
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

use crate::kernel::problem::{Fault, Problem, VerbError};

/// What the names of all kinds end with.
const NAME: &str = "UserError";

/// The interface of all kinds: registered last, it takes in every object whose name ends with its
/// own, so that no kind can be forgotten. No field returns it.
pub enum UserError {}

impl OutputType for UserError {
    fn type_name() -> Cow<'static, str> {
        NAME.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Interface, |registry| {
            let is_kind = |name: &str, ty: &MetaType| name.ends_with(NAME) && matches!(ty, MetaType::Object { .. });
            let kinds = registry.types.iter().filter(|(name, ty)| is_kind(name, ty));
            let kinds: Vec<String> = kinds.map(|(name, _)| name.clone()).collect();
            for kind in &kinds {
                registry.add_implements(kind, NAME);
            }
            interface(kinds)
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        match *self {}
    }
}

fn interface(kinds: Vec<String>) -> MetaType {
    let field = |name: &str, ty: &str, description: &str| {
        let field = MetaField { description: Some(description.to_owned()), ..MetaField::new(name, ty) };
        (name.to_owned(), field)
    };
    let fields = [
        field("field", "[String!]", "The input field it is about, outermost first; null if it is about the whole."),
        field("message", "String!", "What is wrong, for people."),
    ];
    MetaType::Interface {
        name: NAME.to_owned(),
        description: Some(
            "Why a mutation did not do what was asked, for the caller to mend. Nothing was changed.".to_owned(),
        ),
        fields: fields.into_iter().collect(),
        possible_types: kinds.into_iter().collect(),
        extends: false,
        keys: None,
        visible: None,
        inaccessible: false,
        tags: vec![],
        rust_typename: Some(std::any::type_name::<UserError>()),
        directive_invocations: vec![],
        requires_scopes: vec![],
    }
}

/// Makes a kind of user error: `user_error!(OrderCancelUserError, OrderCancelErrorCode)`. The code
/// is a GraphQL enum; the slice's own code type must convert into it (as a `remote` enum does). A third
/// argument, such as `"visible_to_store"`, hides it from other eyes: the interface would show it. Every
/// kind whose mutations are not for customers has one.
#[macro_export]
macro_rules! user_error {
    ($name:ident, $code:ty $(, $visible:tt)?) => {
        /// One thing wrong with what was asked.
        #[derive(Debug, Clone, async_graphql::SimpleObject)]
        $(#[graphql(visible = $visible)])?
        pub struct $name {
            /// What is wrong, for programs.
            pub code: $code,
            /// The input field it is about, outermost first; null if it is about the whole.
            pub field: Option<Vec<String>>,
            /// What is wrong, for people.
            pub message: String,
        }

        impl<C: Into<$code>> From<$crate::kernel::problem::Problem<C>> for $name {
            fn from(problem: $crate::kernel::problem::Problem<C>) -> Self {
                let field = (!problem.field.is_empty()).then_some(problem.field);
                Self { code: problem.code.into(), field, message: problem.message }
            }
        }
    };
}

/// Splits what a verb answered: the result, or the user errors of the payload; a fault stays one.
pub fn payload<T, C, E: From<Problem<C>>>(result: Result<T, VerbError<C>>) -> Result<(Option<T>, Vec<E>), Fault> {
    match result {
        Ok(value) => Ok((Some(value), vec![])),
        Err(VerbError::Refused(problems)) => Ok((None, problems.into_iter().map(E::from).collect())),
        Err(VerbError::Fault(fault)) => Err(fault),
    }
}
