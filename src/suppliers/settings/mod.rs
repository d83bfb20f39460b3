//! An adapter's settings: which ones there are, and how their secrets are kept.
//!
//! The owner gives one JSON object. What is secret in it is sealed and never shown again; the rest is
//! kept as it is. A secret is for the server it was given for: with an address of another server, the secrets that
//! are sent there have to be given anew, lest whoever may change addresses has them sent to a server of their own.

mod form;

use serde_json::{Map, Value};
use url::Url;

pub use self::form::{Setting, SettingKind, Settings};
use super::error::SupplierErrorCode::{self, Invalid};
use super::supplier;
use crate::app::App;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::{Fault, Problem};
use crate::platform::reseal::{self, Resealed};

/// Settings as they are stored.
#[derive(Default)]
pub(super) struct Stored {
    /// What may be shown.
    pub open: Value,
    /// What may not, sealed.
    pub sealed: Option<String>,
}

type Problems = Vec<Problem<SupplierErrorCode>>;

/// Checks what the owner gave for `adapter`, over what was `known` before: a setting that is not
/// given keeps its value, one that is given as null loses it.
pub(super) fn store(
    app: &App,
    id: SupplierId,
    adapter: &str,
    given: Option<Value>,
    known: Option<&supplier::Model>,
) -> Result<Result<Stored, Problems>, Fault> {
    let given = match given.unwrap_or(Value::Null) {
        Value::Null => Map::new(),
        Value::Object(map) => map,
        _ => return Ok(Err(vec![Problem::at(Invalid, "settings", "The settings are a JSON object.")])),
    };
    let Some(form) = app.adapters.settings_of(adapter) else {
        let message = format!("There are the adapters {}.", app.adapters.names().join(", "));
        return Ok(Err(vec![Problem::at(Invalid, "adapter", &message)]));
    };
    let known = known.map(|supplier| open(app, supplier)).transpose()?.unwrap_or_default();
    match fill_in(app, form, &given, known) {
        Ok(settings) => Ok(Ok(seal(app, id, settings)?)),
        Err(problems) => Ok(Err(problems)),
    }
}

fn fill_in(app: &App, form: &[Setting], given: &Map<String, Value>, known: Settings) -> Result<Settings, Problems> {
    let mut problems = Problems::new();
    let mut refuse = |name: &str, message: &str| {
        problems.push(Problem::at(Invalid, &format!("settings.{name}"), message));
    };
    for name in given.keys().filter(|name| !form.iter().any(|setting| setting.name == name.as_str())) {
        refuse(name, "There is no such setting.");
    }
    let mut settings = known;
    let moves = moves(form, given, &settings);
    for setting in form {
        if moves && setting.kind.is_sent() && settings.secret.remove(setting.name).is_some() {
            // Not silently: without it, the new server may let nobody in.
            if !given.contains_key(setting.name) {
                refuse(setting.name, "It was for another server: give the new one's, or null.");
                continue;
            }
        }
        let kept = if setting.kind.is_secret() { &mut settings.secret } else { &mut settings.open };
        match given.get(setting.name) {
            None => {}
            Some(Value::Null) => drop(kept.remove(setting.name)),
            Some(value) => match setting.kind.read(&app.egress, value) {
                Ok(value) => drop(kept.insert(setting.name.to_owned(), value)),
                Err(message) => {
                    refuse(setting.name, &message);
                    continue;
                }
            },
        }
        if setting.required && kept.get(setting.name).is_none_or(Value::is_null) {
            refuse(setting.name, &format!("Needed: {}", setting.about));
        }
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Whether an address is to lead to another server than it did.
fn moves(form: &[Setting], given: &Map<String, Value>, known: &Settings) -> bool {
    let server = |value: &Value| {
        let url = Url::parse(value.as_str()?).ok()?;
        Some((url.scheme().to_owned(), url.host_str()?.to_owned(), url.port_or_known_default()))
    };
    let addresses = form.iter().filter(|it| matches!(it.kind, SettingKind::Url | SettingKind::File));
    addresses.filter_map(|it| Some((known.open.get(it.name), given.get(it.name)?))).any(|(old, new)| {
        // What is no address is refused later on; where there is none, it is the platform's own.
        let (old, new_server) = (old.and_then(server), server(new));
        (new.is_null() || new_server.is_some()) && old != new_server
    })
}

fn seal(app: &App, id: SupplierId, settings: Settings) -> Result<Stored, Fault> {
    let Settings { open, secret } = settings;
    let sealed = match secret.is_empty() {
        true => None,
        false => Some(app.sealer.seal(&context(id), &serde_json::to_string(&secret)?)),
    };
    Ok(Stored { open: Value::Object(open), sealed })
}

/// What stands in a supplier's settings, secrets included.
pub(super) fn open(app: &App, supplier: &supplier::Model) -> Result<Settings, Fault> {
    let secret = match &supplier.sealed_secrets {
        Some(sealed) => serde_json::from_str(&app.sealer.open(&context(supplier.id), sealed)?)?,
        None => Map::new(),
    };
    Ok(Settings { open: supplier.settings.as_object().cloned().unwrap_or_default(), secret })
}

/// Seals all suppliers' secrets with the current key.
pub async fn reseal(app: &App) -> Result<Resealed, Fault> {
    let (id, sealed) = (supplier::Column::Id, supplier::Column::SealedSecrets);
    reseal::reseal::<supplier::Entity>(app, id, sealed, |row| context(row.id)).await
}

fn context(id: SupplierId) -> String {
    format!("supplier.secrets:{id}")
}
