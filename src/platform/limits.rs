//! The limits, all in one struct and all on by default. `[limits]` in the configuration overrides
//! each by its name.

use serde::{Deserialize, Serialize};

/// What one request, one socket, one caller may cost. Sizes are in bytes, times in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Length of a GraphQL document.
    pub query_bytes: usize,
    /// Tokens of a document.
    pub query_tokens: usize,
    /// Nesting of an operation.
    pub depth: usize,
    /// Nesting of an operation that only introspects, so that explorers and code generators work.
    pub introspection_depth: usize,
    /// Aliases of a document.
    pub aliases: usize,
    /// Fields at the root of an operation.
    pub root_fields: usize,
    /// Directives of a document.
    pub directives: usize,
    /// Selections once all fragments are spread.
    pub selections: usize,
    /// Cost of an operation: an object 1, a scalar 0, a mutation 10, a list times its size.
    pub cost: usize,
    /// `first` and `last` of a connection.
    pub page_size: usize,
    /// Length of a list in an input.
    pub list_input: usize,
    /// Length of any text in an input; most fields have a tighter bound of their own.
    pub text_characters: usize,
    /// Size of a request body.
    pub body_bytes: usize,
    /// How long a request may take.
    pub request_seconds: u64,
    /// How long a new connection may say nothing.
    pub first_byte_seconds: u64,
    /// How long a request's head may take, and a connection be quiet between two requests.
    pub head_seconds: u64,
    /// How long a request's body may pause.
    pub body_pause_seconds: u64,
    /// How long a client may read nothing of what is sent to it.
    pub slow_reader_seconds: u64,
    /// Size of a WebSocket message.
    pub frame_bytes: usize,
    /// Connections of one address that is no trusted proxy's.
    pub connections_per_address: usize,
    /// WebSockets of one address, greeted or not; those of one IPv6 network (/64) count together.
    pub sockets_per_address: usize,
    /// Subscriptions of one socket.
    pub subscriptions_per_socket: usize,
    /// Subscriptions of one address, over all its sockets and streams.
    pub subscriptions_per_address: usize,
    /// Cost an actor may spend at once.
    pub actor_cost_burst: u32,
    /// Cost an actor gets back each second.
    pub actor_cost_per_second: u32,
    /// Cost an address may spend at once.
    pub address_cost_burst: u32,
    /// Cost an address gets back each second.
    pub address_cost_per_second: u32,
    /// Refusals told to an address at once; more of them wait for their turn.
    pub refusals_burst: u32,
    /// How many of those that wait are told each second.
    pub refusals_per_second: u32,
    /// Free tries at one account's password from one address; then each waits longer.
    pub password_checks_per_account: u32,
    /// Free wrong tries at any accounts from one address; then each waits longer.
    pub password_checks_per_address: u32,
    /// Lines of a cart.
    pub cart_lines: usize,
    /// Tracking events of a shipment.
    pub shipment_events: usize,
    /// Offers of a variant.
    pub variant_offers: usize,
    /// Size of an uploaded file.
    pub upload_bytes: u64,
    /// Size of an inbound webhook.
    pub webhook_bytes: usize,
    /// Size of an answer of a supplier or a gateway.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            query_bytes: 16 * 1024,
            query_tokens: 2_000,
            depth: 12,
            introspection_depth: 16,
            aliases: 30,
            root_fields: 20,
            directives: 20,
            selections: 2_000,
            cost: 5_000,
            page_size: 100,
            list_input: 250,
            text_characters: 30_000,
            body_bytes: 128 * 1024,
            request_seconds: 10,
            first_byte_seconds: 10,
            head_seconds: 30,
            body_pause_seconds: 10,
            slow_reader_seconds: 10,
            frame_bytes: 64 * 1024,
            connections_per_address: 1_000,
            sockets_per_address: 500,
            subscriptions_per_socket: 50,
            subscriptions_per_address: 500,
            actor_cost_burst: 100_000,
            actor_cost_per_second: 5_000,
            address_cost_burst: 200_000,
            address_cost_per_second: 10_000,
            refusals_burst: 50,
            refusals_per_second: 10,
            password_checks_per_account: 10,
            password_checks_per_address: 60,
            cart_lines: 1_000,
            shipment_events: 200,
            variant_offers: 50,
            upload_bytes: 1024 * 1024 * 1024,
            webhook_bytes: 1024 * 1024,
            answer_bytes: 16 * 1024 * 1024,
        }
    }
}
