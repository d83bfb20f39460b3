//! The tables as a page for people: `docs/access.md`.

use std::fmt::Write as _;

use consign::identity::Permission;

use super::askers::{self, Outcome, Role};
use super::model::Model;
use super::rows::{Gate, Root, rows};
use super::rulebook::Rules;
use super::rules::{Class, NODES, PAYLOADS, Rule, TYPES};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/access.md");

const HEAD: &str = "\
# Who may do and see what

Written by a test from what it checks (`tests/it/access_matrix`), on both databases, with real rows of every
type: every operation as everybody, and every field on every way there is to it. After a change:
`UPDATE_ACCESS=1 cargo test --test it access_matrix`, and review it.

The columns are who asks: **guest** holds the token of the order in question, **link** the link in the mail
about the supplier order in question; **customer** and **supplier**
are those whom the things in question belong to; **without** and **with** are staff who have every
permission but the named one, and no other. *not found* is null, or a user error `NOT_FOUND`, and the same
answer as for what does not exist.

## Operations
";

const FIELDS: &str = "
## Fields

Nobody gets to an object but through an operation or a field that lets them; whoever has reached it reads
what is not restricted here. *Known to* tells in whose explorers the type shows. A permission stands for
the owner and staff who have it.
";

const NODE_HEAD: &str = "
## By id

Who gets what from `node(id:)`.
";

pub async fn the_page_about_access_says_what_is_tested() {
    let page = page();
    if std::env::var_os("UPDATE_ACCESS").is_some() {
        std::fs::write(FILE, &page).expect("the page is written");
    }
    let written = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(page == written, "run UPDATE_ACCESS=1 cargo test --test it access_matrix, and review docs/access.md");
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for root in [Root::Query, Root::Mutation, Root::Subscription] {
        let _ = writeln!(page, "\n{}\n{}", heading(root.type_name()), line(12));
        let mut rows: Vec<_> = rows().into_iter().filter(|row| row.root == root).collect();
        rows.sort_by(|a, b| a.field().cmp(b.field()));
        for row in rows {
            let roles = askers::roles(row.gate.permission().unwrap_or(Permission::Catalog));
            let _ = writeln!(page, "{}", table_row(row.field(), row.gate, roles.iter().map(|it| it.outcome(&row))));
        }
    }
    page += NODE_HEAD;
    let _ = writeln!(page, "\n{}\n{}", heading("object"), line(12));
    for (object, word, gates) in NODES {
        let roles = askers::roles(gates[0].permission().unwrap_or(Permission::Catalog));
        let name = match *word {
            "prd3" | "var3" => format!("{object}, not published"),
            it if it.ends_with(|it: char| it.is_ascii_digit()) => continue,
            _ => (*object).to_owned(),
        };
        let _ = writeln!(page, "{}", table_row(&name, gates[0], roles.iter().map(|it| at(it, gates))));
    }
    page + FIELDS + &fields()
}

fn at(role: &Role, gates: &[Gate]) -> Outcome {
    let open = gates.iter().any(|gate| role.at(*gate) == Outcome::Allowed);
    if open { Outcome::Allowed } else { role.at(gates[0]) }
}

fn heading(first: &str) -> String {
    format!(
        "| {first} | permission | anonymous | guest | customer | other customer | supplier | other supplier | link \
        | other link | without | with | owner |"
    )
}

fn line(columns: usize) -> String {
    format!("|{}", "---|".repeat(columns + 1))
}

fn table_row(name: &str, gate: Gate, outcomes: impl Iterator<Item = Outcome>) -> String {
    let permission = match gate.permissions().as_slice() {
        [] => "–".to_owned(),
        all => all.iter().copied().map(permission_name).collect::<Vec<_>>().join(" + "),
    };
    let cells: Vec<&str> = outcomes.map(cell).collect();
    format!("| `{name}` | {permission} | {} |", cells.join(" | "))
}

fn cell(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "yes",
        Outcome::Missing => "not found",
        Outcome::Refused("UNAUTHENTICATED") => "sign in",
        Outcome::Refused(_) => "no",
    }
}

fn permission_name(permission: Permission) -> String {
    format!("{permission:?}").to_uppercase()
}

fn fields() -> String {
    let (model, mut text) = (Model::load(), String::new());
    let rules = Rules::load(&model);
    let _ = writeln!(text, "\n| type | known to | fields | who |\n{}", line(3));
    for (names, class, groups) in TYPES {
        for name in names.split_whitespace() {
            for (rule, fields) in *groups {
                let _ = writeln!(text, "| `{name}` | {} | {} | {} |", class_name(*class), list(fields), who(*rule));
            }
        }
    }
    let _ = writeln!(text, "\nWhat mutations answer, to whoever may do them (`userErrors` beside):");
    let _ = writeln!(text, "\n| type | known to | fields |\n{}", line(2));
    for (names, fields) in PAYLOADS {
        for name in names.split_whitespace() {
            let _ = writeln!(text, "| `{name}` | {} | {} |", class_name(rules.class(name)), list(fields));
        }
    }
    text
}

fn list(fields: &str) -> String {
    fields.split_whitespace().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" ")
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Everybody => "everybody",
        Class::Suppliers => "store, suppliers",
        Class::Store => "store",
    }
}

fn who(rule: Rule) -> String {
    match rule {
        Rule::Reached => "whoever has reached it".to_owned(),
        Rule::AnyStaff => "the store".to_owned(),
        Rule::Store(it) => permission_name(it),
        Rule::Customer(it) => format!("the customer; {}", permission_name(it)),
        Rule::Supplier(it) => format!("the supplier; {}", permission_name(it)),
        Rule::Led => "whoever may see what it leads to".to_owned(),
        Rule::Buyer => "its buyer; null for the store".to_owned(),
    }
}
