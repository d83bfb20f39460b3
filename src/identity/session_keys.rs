//! The keys that sign and prove access tokens.
//!
//! With a key file, tokens are signed by its first private key (ECDSA P-256 or Ed25519) and any of its
//! keys proves one; the public halves are told under `/.well-known/jwks.json`, so that the merchant's
//! other services can read them. Without one, a shared secret signs. Either way a key is replaced
//! without signing anybody out: the new one first, the old one behind it until its tokens have ended.

use std::path::Path;

use anyhow::Context as _;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};

use crate::platform::config::Config;

/// The kind of JWT (RFC 9068), so that no other kind is taken for one.
const TYPE: &str = "at+jwt";
/// What ends a private key in a PEM file.
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// The keys of this process.
pub struct SessionKeys {
    signing: EncodingKey,
    /// The signing key's own first.
    proving: Vec<(Header, DecodingKey)>,
    public: JwkSet,
}

impl SessionKeys {
    /// The keys that the configuration names.
    ///
    /// # Errors
    /// One sentence, if the key file cannot be read or holds something else.
    pub fn from_config(config: &Config) -> anyhow::Result<Self> {
        match &config.jwt_key_file {
            Some(file) => Self::from_file(file)
                .with_context(|| format!("CONSIGN_JWT_KEY_FILE: {} cannot be used", file.display())),
            None => Ok(Self::from_secrets(config)),
        }
    }

    fn from_secrets(config: &Config) -> Self {
        let header = header(Algorithm::HS256, None);
        let secrets = std::iter::once(&config.jwt_secret).chain(&config.jwt_secret_previous);
        let proving = secrets.map(|it| (header.clone(), DecodingKey::from_secret(it.expose().as_bytes()))).collect();
        let signing = EncodingKey::from_secret(config.jwt_secret.expose().as_bytes());
        Self { signing, proving, public: JwkSet::default() }
    }

    fn from_file(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).context("it cannot be read")?;
        let blocks = text.split_inclusive(PEM_END).filter(|block| block.contains(PEM_END));
        let keys = blocks.map(read_key).collect::<anyhow::Result<Vec<_>>>()?;
        let public = JwkSet { keys: keys.iter().map(|(_, jwk, _)| jwk.clone()).collect() };
        let proving = keys.iter().map(|(_, jwk, algorithm)| {
            Ok((header(*algorithm, jwk.common.key_id.clone()), DecodingKey::from_jwk(jwk)?))
        });
        let proving = proving.collect::<anyhow::Result<Vec<_>>>()?;
        let first = keys.into_iter().next().context("it holds no PKCS#8 private key (BEGIN PRIVATE KEY)")?;
        Ok(Self { signing: first.0, proving, public })
    }

    /// How the next token is signed.
    pub(super) fn signing(&self) -> (&Header, &EncodingKey) {
        (&self.proving[0].0, &self.signing)
    }

    /// The keys that may have signed a token with this header: there are none for a header that this
    /// server did not write.
    pub(super) fn proving<'a>(&'a self, header: &'a Header) -> impl Iterator<Item = &'a DecodingKey> {
        self.proving.iter().filter(move |(own, _)| own == header).map(|(_, key)| key)
    }

    /// The public halves, for `/.well-known/jwks.json`; empty for a shared secret, which has none.
    pub fn public(&self) -> &JwkSet {
        &self.public
    }
}

fn header(algorithm: Algorithm, key_id: Option<String>) -> Header {
    Header { typ: Some(TYPE.to_owned()), kid: key_id, ..Header::new(algorithm) }
}

fn read_key(pem: &str) -> anyhow::Result<(EncodingKey, Jwk, Algorithm)> {
    let as_ec = || EncodingKey::from_ec_pem(pem.as_bytes()).map(|key| (key, Algorithm::ES256));
    let as_ed = || EncodingKey::from_ed_pem(pem.as_bytes()).map(|key| (key, Algorithm::EdDSA));
    let wanted = "a key is neither ECDSA P-256 nor Ed25519 (openssl genpkey -algorithm ed25519)";
    let (key, algorithm) = as_ec().or_else(|_| as_ed()).context(wanted)?;
    let mut jwk = Jwk::from_encoding_key(&key, algorithm).context(wanted)?;
    jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).context(wanted)?);
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok((key, jwk, algorithm))
}
