//! Secrets: sealing at rest, hashing of tokens, signing keys.
