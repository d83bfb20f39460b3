//! Suppliers: their records, and how the store talks to them.

mod cj;
mod contract;
mod feed;
mod feed_files;
mod platform;
mod printful;
mod records;
mod sftp;

/// The tests of all parts.
pub fn tests() -> Vec<crate::support::Test> {
    let platforms = [contract::tests(), cj::tests(), printful::tests()];
    let files = [feed::tests(), feed_files::tests(), sftp::tests()];
    platforms.into_iter().chain(files).flatten().chain(records::tests()).collect()
}
