//! The rules of the house that the compiler does not know.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

crate::plain_tests![
    rooms_import_downhill_only,
    libraries_stay_in_their_rooms,
    files_stay_short,
];

/// The rooms, lowest first; rooms of one row do not know each other.
const ROWS: [&[&str]; 16] = [
    &["kernel"],
    &["platform"],
    &["identity", "feeds"],
    &["store", "workitems"],
    &["catalog", "suppliers"],
    &["inventory"],
    &["pricing"],
    &["routing"],
    &["payments"],
    &["orders"],
    &["checkout", "fulfillment"],
    &["shipments"],
    &["notifications", "webhooks", "importing", "onboarding"],
    &["privacy", "operations"],
    &["graph"],
    &["server", "cli"],
];

/// The program itself and its table of jobs; whoever may name them.
const WHOLE: [&str; 1] = ["app"];

async fn rooms_import_downhill_only() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let Some(room) = room(&path) else { continue };
        if is_graphql(&path) {
            continue;
        }
        for name in imports(&text) {
            let allowed = match room.as_str() {
                // It stands for the outside world: nothing of ours but the ground.
                "simulator" => name == "kernel" || name == "simulator",
                _ => name == room || WHOLE.contains(&name.as_str()) || is_lower(&name, &room),
            };
            // The command line runs everything.
            let allowed = allowed || (room == "cli" && matches!(name.as_str(), "simulator" | "worker" | "server"));
            // The shared contract of the gateways is run against a real one.
            let allowed = allowed || (name == "simulator" && path.ends_with("payments/tests.rs"));
            let macros = matches!(name.as_str(), "user_error");
            if !allowed && !macros {
                wrong.push(format!("{}: {room} may not import {name}", path.display()));
            }
        }
        for other in entities_of_others(&text, &room) {
            wrong.push(format!("{}: the tables of {other} are its own; ask its verbs", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn libraries_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let shown = path.display().to_string();
        let own = room(&path);
        let own = own.as_deref();
        if text.contains("async_graphql::") && !is_graphql(&path) && own != Some("graph") {
            wrong.push(format!("{shown}: async-graphql belongs into graphql files and graph/"));
        }
        // The demo plays the clients outside; the import names the errors of the platform's way out.
        let outside = shown.contains("cli/demo/") || shown.contains("importing/fetch.rs");
        let calls_out = shown.contains("/adapter/") || shown.contains("/gateway/") || outside;
        if text.contains("reqwest") && !calls_out && !matches!(own, Some("platform" | "simulator")) {
            wrong.push(format!("{shown}: HTTP clients belong into adapters, gateways and platform"));
        }
        if text.contains("russh") && own != Some("platform") {
            wrong.push(format!("{shown}: SSH belongs into platform"));
        }
        if text.contains("#[allow(") || text.contains("#![allow(") {
            wrong.push(format!("{shown}: write expect with a reason, not allow"));
        }
        if text.contains("todo!(") || text.contains("unimplemented!(") {
            wrong.push(format!("{shown}: is not finished"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn files_stay_short() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "migrations/src"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            if lines > 600 {
                wrong.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The Rust files under `folder`, without what is only compiled for their own tests.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|it| it == "rs") {
                let text = std::fs::read_to_string(&entry).expect("a text");
                let path = entry.strip_prefix(root).expect("inside").to_owned();
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty());
    files
}

fn without_tests_and_comments(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

fn is_graphql(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("graphql"))
}

/// The room of a file: the folder under `src`.
fn room(path: &Path) -> Option<String> {
    let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let (folder, room, file) = (parts.next()?, parts.next()?, parts.next());
    (folder == "src" && file.is_some()).then_some(room)
}

fn is_lower(name: &str, room: &str) -> bool {
    let row = |name: &str| ROWS.iter().position(|row| row.contains(&name));
    matches!((row(name), row(room)), (Some(theirs), Some(ours)) if theirs < ours)
}

/// The rooms named after `crate::`, also in groups.
fn imports(text: &str) -> BTreeSet<String> {
    let text = without_tests_and_comments(text);
    let mut names = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => names.extend(first_of_each(group)),
            None => names.extend(word(rest)),
        }
    }
    names
}

/// The first word of each item of a group that was opened just before.
fn first_of_each(group: &str) -> Vec<String> {
    let (mut depth, mut begins, mut names) = (1, true, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => begins = true,
            _ if begins && !letter.is_whitespace() => {
                names.extend(word(&group[at..]));
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// Other slices whose `entity` a file names.
fn entities_of_others(text: &str, room: &str) -> BTreeSet<String> {
    let text = without_tests_and_comments(text);
    let mut others = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        let Some(name) = word(rest) else { continue };
        let into_entity = rest[name.len()..].starts_with("::entity");
        if into_entity && name != room && !matches!(name.as_str(), "platform") {
            others.insert(name);
        }
    }
    others
}
