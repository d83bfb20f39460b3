//! The documents, cut into their operations, each with the fragments it spreads.

/// The documents by name.
pub const DOCUMENTS: [(&str, &str); 3] = [
    ("customer", include_str!("customer.graphql")),
    ("owner", include_str!("owner.graphql")),
    ("supplier", include_str!("supplier.graphql")),
];

/// One operation.
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Its text, unmodified, followed by its fragments.
    pub text: String,
}

/// The operations of a document.
pub fn operations(document: &str) -> Vec<Operation> {
    let definitions = definitions(document);
    let is_fragment = |text: &&String| text.starts_with("fragment");
    let fragments: Vec<&String> = definitions.iter().filter(is_fragment).collect();
    let operations = definitions.iter().filter(|text| !is_fragment(text));
    operations
        .map(|text| {
            let mut whole = text.clone();
            for fragment in &fragments {
                if whole.contains(&format!("...{}", name(fragment))) {
                    whole += "\n";
                    whole += fragment;
                }
            }
            Operation { name: name(text), text: whole }
        })
        .collect()
}

/// The operation `name` of whichever document has it.
#[track_caller]
pub fn operation(name: &str) -> String {
    let all = DOCUMENTS.into_iter().flat_map(|(_, text)| operations(text));
    all.into_iter().find(|it| it.name == name).unwrap_or_else(|| panic!("no operation {name}")).text
}

/// The definitions of a document: each ends where its braces do.
fn definitions(document: &str) -> Vec<String> {
    let (mut all, mut current, mut depth) = (Vec::new(), String::new(), 0);
    for line in document.lines().filter(|line| !line.starts_with('#')) {
        current += line;
        current += "\n";
        depth += line.matches('{').count();
        depth -= line.matches('}').count();
        if depth == 0 && !current.trim().is_empty() && current.contains('{') {
            all.push(current.trim().to_owned());
            current.clear();
        }
    }
    all
}

/// The second word: `query Name(…)`, `fragment Name on …`.
fn name(definition: &str) -> String {
    let rest = definition.split_once(' ').expect("a keyword and a name").1;
    rest.chars().take_while(|letter| letter.is_ascii_alphanumeric()).collect()
}
