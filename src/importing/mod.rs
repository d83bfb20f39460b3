//! Catalogue imports.
