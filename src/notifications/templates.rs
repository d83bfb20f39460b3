//! The texts of mails: a subject line, an empty line, the body.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::kernel::problem::Fault;

const SOURCES: [(&str, &str); 14] = [
    ("order_confirmation", include_str!("templates/order_confirmation.txt")),
    ("order_shipped", include_str!("templates/order_shipped.txt")),
    ("order_delivered", include_str!("templates/order_delivered.txt")),
    ("order_cancelled", include_str!("templates/order_cancelled.txt")),
    ("order_address_changed", include_str!("templates/order_address_changed.txt")),
    ("order_refunded", include_str!("templates/order_refunded.txt")),
    ("email_verification", include_str!("templates/email_verification.txt")),
    ("already_registered", include_str!("templates/already_registered.txt")),
    ("password_reset", include_str!("templates/password_reset.txt")),
    ("password_changed", include_str!("templates/password_changed.txt")),
    ("email_change", include_str!("templates/email_change.txt")),
    ("email_taken", include_str!("templates/email_taken.txt")),
    ("email_change_notice", include_str!("templates/email_change_notice.txt")),
    ("staff_invitation", include_str!("templates/staff_invitation.txt")),
];

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut all = Environment::new();
    // A field that is missing is a defect, not an empty place in a customer's mail.
    all.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).build();
    all.set_syntax(syntax.expect("the delimiters are the usual ones"));
    for (name, source) in SOURCES {
        all.add_template(name, source).expect("the templates are compiled in, and a test renders them");
    }
    all
});

/// The subject and the body of the mail `name` about `data`.
pub(super) fn render(name: &str, data: Value) -> Result<(String, String), Fault> {
    let text = TEMPLATES.get_template(name).and_then(|it| it.render(data));
    let text = text.map_err(|error| Fault::internal(format!("the mail {name} cannot be written: {error:#}")))?;
    match text.split_once("\n\n") {
        Some((subject, body)) => Ok((subject.trim().to_owned(), format!("{}\n", body.trim_end()))),
        None => Err(Fault::internal(format!("the mail {name} has no body"))),
    }
}
