//! Attempts to be paid, captures, voids, refunds, and the gateways they go through.
