//! What carriers move: shipments, tracking events, the delivery promise.
