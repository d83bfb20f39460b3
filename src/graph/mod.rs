//! The GraphQL edge: schema assembly, transport, limits, scalars.
