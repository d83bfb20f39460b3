//! Suppliers: their records, and how the store talks to them.

mod cj;
mod contract;
mod email;
mod feed;
mod feed_files;
mod live;
mod platform;
mod printful;
mod records;
mod sftp;

/// The tests of all parts.
pub fn tests() -> Vec<crate::support::Test> {
    let platforms = [contract::tests(), cj::tests(), email::tests(), printful::tests()];
    let files = [feed::tests(), feed_files::tests(), sftp::tests()];
    let rest = [live::tests(), records::tests()];
    platforms.into_iter().chain(files).chain(rest).flatten().collect()
}
