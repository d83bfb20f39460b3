//! The ways the store can talk to suppliers, and what each needs.

use async_graphql::{Enum, SimpleObject};

use crate::app::App;
use crate::identity::graphql::visible_to_store;
use crate::suppliers::settings::{Setting, SettingKind};

/// What may stand in a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(visible = "visible_to_store")]
pub enum SupplierSettingKind {
    /// An http or https address; that of a file may be sftp.
    Url,
    /// A secret: sealed, and never shown again.
    Secret,
    /// An e-mail address.
    Email,
    /// One of `choices`.
    Choice,
    /// A whole number.
    Number,
    /// A text.
    Text,
    /// An object that tells which column of a file is which field, as `catalogImport` takes it.
    Mapping,
}

/// One setting of an adapter.
#[derive(Debug, SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierSetting {
    /// Its name in `settings`.
    name: String,
    /// What may stand in it.
    kind: SupplierSettingKind,
    /// What it may be, for a choice; empty for others.
    choices: Vec<String>,
    /// The least it may be; null unless it is a number.
    minimum: Option<i64>,
    /// The most it may be; null unless it is a number.
    maximum: Option<i64>,
    /// Whether the adapter cannot do without it.
    is_required: bool,
    /// What it is.
    description: String,
}

impl From<&Setting> for SupplierSetting {
    fn from(setting: &Setting) -> Self {
        let (minimum, maximum) = match setting.kind {
            SettingKind::Whole(least, most) => (Some(least), Some(most)),
            _ => (None, None),
        };
        let choices: &[&str] = if let SettingKind::Choice(words) = setting.kind { words } else { &[] };
        Self {
            name: setting.name.to_owned(),
            kind: match setting.kind {
                SettingKind::Url | SettingKind::File => SupplierSettingKind::Url,
                SettingKind::Mapping => SupplierSettingKind::Mapping,
                SettingKind::Token | SettingKind::Password | SettingKind::PrivateKey | SettingKind::WebhookSecret => {
                    SupplierSettingKind::Secret
                }
                SettingKind::Fingerprint => SupplierSettingKind::Text,
                SettingKind::Email => SupplierSettingKind::Email,
                SettingKind::Choice(_) => SupplierSettingKind::Choice,
                SettingKind::Whole(..) => SupplierSettingKind::Number,
            },
            choices: choices.iter().map(|&word| word.to_owned()).collect(),
            minimum,
            maximum,
            is_required: setting.required,
            description: setting.about.to_owned(),
        }
    }
}

/// A way the store can talk to suppliers.
#[derive(Debug, SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierAdapter {
    /// Its name, as `supplierCreate` takes it.
    name: String,
    /// What stands in its settings.
    settings: Vec<SupplierSetting>,
}

/// All of them, by name.
pub(super) fn all(app: &App) -> Vec<SupplierAdapter> {
    let adapter = |name: &'static str| SupplierAdapter {
        name: name.to_owned(),
        settings: app.adapters.settings_of(name).unwrap_or_default().iter().map(SupplierSetting::from).collect(),
    };
    app.adapters.names().into_iter().map(adapter).collect()
}
