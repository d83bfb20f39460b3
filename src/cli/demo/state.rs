//! What the demo keeps beside its database: its secrets, and the ids it needs again at the next start.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::goods::Side;
use crate::kernel::ids::IdSource;

/// The file's name in the data folder.
const FILE: &str = "demo.json";

/// The demo's memory.
#[derive(Serialize, Deserialize)]
pub struct State {
    #[serde(skip)]
    path: PathBuf,
    /// `CONSIGN_JWT_SECRET`.
    pub jwt_secret: String,
    /// `CONSIGN_SECRET_KEY`.
    pub secret_key: String,
    /// What the store shows the test gateway.
    pub gateway_secret: String,
    /// The key of the gateway's webhooks.
    pub gateway_webhook_secret: String,
    /// What the demo shows the simulator.
    pub admin_token: String,
    /// The suppliers, by their keys at the simulator.
    pub suppliers: BTreeMap<String, SupplierSecrets>,
    /// The owner's API token, once made.
    pub owner_token: Option<String>,
    /// The owner's password, once made.
    pub owner_password: Option<String>,
    /// Whether the store was filled to the end.
    pub filled: bool,
}

/// What the store and one supplier know of each other.
#[derive(Serialize, Deserialize)]
pub struct SupplierSecrets {
    /// What the store shows the supplier.
    pub token: String,
    /// The key of the supplier's webhooks.
    pub webhook_secret: String,
}

impl State {
    /// What the last start left in `folder`, or new secrets. `database` is the demo's SQLite file there.
    pub fn open(folder: &Path, database: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE);
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let state: Self = serde_json::from_str(&text)
                    .with_context(|| format!("{} is damaged; remove the folder for a new demo", path.display()))?;
                Ok(Self { path, ..state })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                anyhow::ensure!(
                    !database.exists(),
                    "{} is there already and not the demo's; name another folder with --data-dir",
                    database.display()
                );
                let state = Self::new(path);
                state.save()?;
                Ok(state)
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    fn new(path: PathBuf) -> Self {
        let ids = IdSource::System;
        let secret = || hex::encode(ids.bytes::<32>());
        let key = || format!("whsec_{}", STANDARD.encode(ids.bytes::<32>()));
        let supplier = |side: Side| (side.key().to_owned(), SupplierSecrets { token: secret(), webhook_secret: key() });
        Self {
            path,
            jwt_secret: secret(),
            secret_key: secret(),
            gateway_secret: secret(),
            gateway_webhook_secret: key(),
            admin_token: secret(),
            suppliers: Side::ALL.into_iter().map(supplier).collect(),
            owner_token: None,
            owner_password: None,
            filled: false,
        }
    }

    /// Writes the file anew, readable by its owner alone.
    pub fn save(&self) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        let new = self.path.with_extension("new");
        let write = || -> std::io::Result<()> {
            let mut file =
                std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&new, &self.path)
        };
        write().with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// What the store and this supplier know of each other.
    pub fn supplier(&self, side: Side) -> anyhow::Result<&SupplierSecrets> {
        let missing = || format!("{} is damaged; remove the folder for a new demo", self.path.display());
        self.suppliers.get(side.key()).with_context(missing)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn secrets_are_kept_and_nobody_elses_database_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("consign.db");
        let mut first = State::open(folder.path(), &database).expect("new");
        first.filled = true;
        first.save().expect("saved");
        std::fs::write(&database, "").unwrap();
        let second = State::open(folder.path(), &database).expect("resumed");
        assert!(second.filled && second.jwt_secret == first.jwt_secret);
        let file = folder.path().join(FILE);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_file(&file).unwrap();
        assert!(State::open(folder.path(), &database).is_err(), "a database without the demo's file is another's");
    }
}
