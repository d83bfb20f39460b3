//! What GraphQL looks like on the wire: statuses, close codes, limits, and what is measured of it.

mod http;
mod kept;
mod limits;
mod metrics;
mod origins;
mod patience;
mod rates;
mod socket;
mod texts;
mod trusted;

/// The tests of all of them.
pub fn tests() -> Vec<crate::support::Test> {
    let all = [
        http::tests(),
        kept::tests(),
        limits::tests(),
        metrics::tests(),
        origins::tests(),
        patience::tests(),
        rates::tests(),
        socket::tests(),
        texts::tests(),
        trusted::tests(),
    ];
    all.into_iter().flatten().collect()
}
