//! What must hold after every step, as questions to the tables: each finds what breaks its invariant.

/// Each finds rows that must not be, as one text. Ids are blobs.
pub const ALWAYS: &[&str] = &[
    // 1: orders.
    "SELECT '1: order numbers have a gap or a double' FROM (SELECT COUNT(*) AS n, MIN(number) AS a, MAX(number) AS b FROM orders)
     WHERE n > 0 AND b - a + 1 <> n",
    "SELECT '1: a checkout was placed and its order is gone: ' || hex(h.attempt_id) FROM checkout_hold h
     LEFT JOIN orders o ON o.id = h.order_id AND o.attempt_id = h.attempt_id WHERE h.status = 'PLACED' AND o.id IS NULL",
    "SELECT '1: an order has no paid checkout: ' || o.number FROM orders o
     JOIN payment_attempt a ON a.id = o.attempt_id LEFT JOIN checkout_hold h ON h.order_id = o.id
     WHERE h.status IS NOT 'PLACED' OR a.authorized <> o.total OR a.order_id IS NOT o.id",
    "SELECT '1: the lines of an order do not add up: ' || o.number FROM orders o WHERE o.subtotal - o.discount
     <> (SELECT SUM(l.total) FROM order_line l WHERE l.order_id = o.id) OR o.total <> o.subtotal - o.discount + o.shipping",
    // 2: units.
    "SELECT '2: units of an order''s line are doubled or lost: ' || hex(l.id) FROM order_line l
     JOIN (SELECT order_line_id, SUM(quantity - cancelled - settled) AS there FROM supplier_order_line GROUP BY 1) s
     ON s.order_line_id = l.id WHERE s.there + l.cancelled <> l.quantity",
    "SELECT '2: an order''s line and its parts tell of other units: ' || hex(l.id) FROM order_line l
     JOIN (SELECT order_line_id, SUM(shipped) AS shipped, SUM(delivered) AS delivered FROM supplier_order_line GROUP BY 1) s
     ON s.order_line_id = l.id WHERE s.shipped <> l.shipped OR s.delivered <> l.delivered",
    "SELECT '2: parcels hold other units than left: ' || hex(l.id) FROM supplier_order_line l WHERE l.shipped
     <> (SELECT COALESCE(SUM(p.quantity), 0) FROM shipment_line p WHERE p.supplier_order_line_id = l.id)",
    "SELECT '2: units are more than all or less than none: ' || hex(id) FROM supplier_order_line
     WHERE MIN(accepted, refused, settled, cancelled, shipped, delivered) < 0 OR settled > refused
     OR delivered > shipped OR shipped > quantity - refused - cancelled OR accepted > quantity - refused - cancelled",
    // 3: money.
    "SELECT '3: an attempt''s sums cannot be: ' || hex(id) FROM payment_attempt WHERE MIN(authorized, captured, voided, refunded) < 0
     OR authorized > amount OR captured + voided > authorized OR refunded > captured",
    "SELECT '3: more is taken than an order costs: ' || o.number FROM orders o JOIN payment_attempt a ON a.id = o.attempt_id
     WHERE a.captured > o.total OR o.captured > a.captured OR o.refunded > a.refunded",
    "SELECT '3: movements do not add up to the attempt''s sums: ' || hex(a.id) FROM payment_attempt a LEFT JOIN (
     SELECT attempt_id, SUM(amount * (kind = 'CAPTURE')) AS c, SUM(amount * (kind = 'VOID')) AS v, SUM(amount * (kind = 'REFUND')) AS r
     FROM payment_transaction WHERE status = 'SUCCEEDED' GROUP BY 1) t ON t.attempt_id = a.id
     WHERE a.captured <> COALESCE(t.c, 0) OR a.voided <> COALESCE(t.v, 0) OR a.refunded <> COALESCE(t.r, 0)",
    "SELECT '3: more is about to be moved than there is: ' || hex(a.id) FROM payment_attempt a JOIN (
     SELECT attempt_id, SUM(amount * (kind <> 'REFUND')) AS held, SUM(amount * (kind = 'REFUND')) AS back
     FROM payment_transaction WHERE status = 'PENDING' GROUP BY 1) t ON t.attempt_id = a.id
     WHERE t.held > a.authorized - a.captured - a.voided OR t.back > a.captured - a.refunded",
    // 4: stock.
    "SELECT '4: reserved is not what checkouts hold: ' || f.supplier_sku FROM supplier_offer f WHERE f.reserved
     <> (SELECT COALESCE(SUM(r.quantity), 0) FROM reservation r WHERE r.offer_id = f.id AND r.state = 'HELD')",
    "SELECT '4: committed is not what orders take: ' || f.supplier_sku FROM supplier_offer f WHERE f.committed
     <> (SELECT COALESCE(SUM(c.quantity - c.released - c.absorbed), 0) FROM commitment c WHERE c.offer_id = f.id)",
    "SELECT '4: a figure is negative: ' || supplier_sku FROM supplier_offer WHERE MIN(reported, reserved, committed) < 0",
    "SELECT '4: the ledger does not reproduce the figures: ' || f.supplier_sku FROM supplier_offer f LEFT JOIN (
     SELECT offer_id, COUNT(*) AS n, MAX(seq) AS last, SUM(reported_delta) AS a, SUM(reserved_delta) AS b, SUM(committed_delta) AS c
     FROM stock_ledger GROUP BY 1) l ON l.offer_id = f.id
     WHERE COALESCE(l.n, 0) <> f.ledger_seq OR COALESCE(l.last, 0) <> f.ledger_seq OR COALESCE(l.a, 0) <> f.reported
     OR COALESCE(l.b, 0) <> f.reserved OR COALESCE(l.c, 0) <> f.committed",
    "SELECT '4: more was taken than was sellable: entry ' || seq || ' of ' || hex(offer_id) FROM stock_ledger
     WHERE reserved_delta + committed_delta > 0
     AND reported * confidence / 1000000 - safety_buffer - reserved - committed < 0",
    "SELECT '4: an offer is short and nobody is told: ' || f.supplier_sku FROM supplier_offer f
     WHERE f.reported * f.confidence / 1000000 < f.reserved + f.committed AND NOT EXISTS (SELECT 1 FROM work_item w
     WHERE w.kind = 'STOCK_SHORTFALL' AND w.status <> 'RESOLVED' AND w.subject = 'ofr_' || lower(hex(f.id)))",
    "SELECT '4: a commitment gave more than it had: ' || hex(id) FROM commitment
     WHERE MIN(released, accepted, absorbed) < 0 OR released + absorbed > quantity",
    "SELECT '4: a discount is used more often than it may be: ' || d.code FROM discount d WHERE d.used > d.usage_limit OR d.used
     <> (SELECT COUNT(*) FROM discount_redemption r WHERE r.discount_id = d.id AND r.status <> 'RELEASED')",
    // 6: reservations.
    "SELECT '6: held without a running checkout: ' || hex(r.id) FROM reservation r LEFT JOIN checkout_hold h ON h.attempt_id = r.holder
     WHERE r.state = 'HELD' AND h.status IS NOT 'HELD'",
    "SELECT '6: a running checkout does not hold its goods: ' || hex(h.attempt_id) FROM checkout_hold h WHERE h.status = 'HELD'
     AND (SELECT COALESCE(SUM(r.quantity), 0) FROM reservation r WHERE r.holder = h.attempt_id AND r.state = 'HELD')
     <> (SELECT SUM(l.quantity) FROM cart_line l WHERE l.cart_id = h.cart_id)",
    "SELECT '6: a placed order did not keep its goods: ' || hex(h.attempt_id) FROM checkout_hold h JOIN reservation r ON r.holder = h.attempt_id
     WHERE h.status = 'PLACED' AND (r.state <> 'COMMITTED' OR r.order_id IS NOT h.order_id)",
    "SELECT '6: a cart waits for a checkout that ended: ' || hex(h.attempt_id) FROM cart c JOIN checkout_hold h ON h.attempt_id = c.attempt_id
     WHERE (c.status = 'PROCESSING') <> (h.status = 'HELD')",
    // 7: histories.
    "SELECT '7: events of ' || s.stream || ' have a gap' FROM event_stream s LEFT JOIN (
     SELECT stream, COUNT(*) AS n, MIN(seq) AS a, MAX(seq) AS b FROM event GROUP BY 1) e ON e.stream = s.stream
     WHERE COALESCE(e.n, 0) <> s.last_seq OR COALESCE(e.a, 1) <> 1 OR COALESCE(e.b, 0) <> s.last_seq",
    "SELECT '7: the steps of a supplier order have a gap: ' || hex(s.id) FROM supplier_order s LEFT JOIN (
     SELECT supplier_order_id, COUNT(*) AS n, MAX(seq) AS b FROM supplier_order_transition GROUP BY 1) t ON t.supplier_order_id = s.id
     WHERE COALESCE(t.n, 0) <> s.steps OR COALESCE(t.b, 0) <> s.steps",
    "SELECT '7: a supplier order is not where its history ends: ' || hex(s.id) FROM supplier_order s
     LEFT JOIN supplier_order_transition t ON t.supplier_order_id = s.id AND t.seq = s.steps
     WHERE s.status <> COALESCE(t.to_status, 'DRAFT')",
    "SELECT '7: a step begins where the last did not end: ' || hex(b.supplier_order_id) || ' ' || b.seq
     FROM supplier_order_transition b LEFT JOIN supplier_order_transition a
     ON a.supplier_order_id = b.supplier_order_id AND a.seq = b.seq - 1
     WHERE b.from_status <> COALESCE(a.to_status, 'DRAFT')",
    "SELECT '7: positions have a gap or a double' FROM (SELECT COUNT(position) AS n, MAX(position) AS b, COUNT(DISTINCT position) AS d FROM event)
     WHERE n <> COALESCE(b, 0) OR n <> d",
];

/// What must hold once everything has come to rest.
pub const IN_THE_END: &[&str] = &[
    // 3 and 5: money.
    "SELECT '3: an order does not know what was moved: ' || o.number FROM orders o JOIN payment_attempt a ON a.id = o.attempt_id
     WHERE o.captured <> a.captured OR o.voided <> a.voided OR o.refunded <> a.refunded",
    "SELECT '5: a checkout still runs and nobody is told: ' || hex(h.attempt_id) FROM checkout_hold h WHERE h.status = 'HELD'
     AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.status <> 'RESOLVED' AND w.subject = 'pay_' || lower(hex(h.attempt_id)))",
    "SELECT '5: money still waits to be moved and nobody is told: ' || hex(t.id) FROM payment_transaction t WHERE t.status = 'PENDING'
     AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.status <> 'RESOLVED' AND w.subject = 'ptx_' || lower(hex(t.id)))",
    // 5: orders. A supplier order that left is its carrier's; what ended must have an end.
    "SELECT '5: order ' || o.number || ' is ' || o.fulfillment_status || ' and nobody is told' FROM orders o
     WHERE o.fulfillment_status NOT IN ('DELIVERED', 'CANCELLED') AND NOT EXISTS (
     SELECT 1 FROM work_item w WHERE w.order_id = o.id AND w.status <> 'RESOLVED')",
    "SELECT '5: order ' || o.number || ' is cancelled and its money is not back: ' || (a.authorized - a.voided - a.refunded)
     FROM orders o JOIN payment_attempt a ON a.id = o.attempt_id WHERE o.fulfillment_status = 'CANCELLED'
     AND a.authorized - a.voided - a.refunded <> 0 AND NOT EXISTS (
     SELECT 1 FROM payment_transaction t WHERE t.attempt_id = a.id AND t.status = 'FAILED')",
    "SELECT '5: order ' || o.number || ' arrived and is not paid' FROM orders o JOIN payment_attempt a ON a.id = o.attempt_id
     WHERE o.fulfillment_status = 'DELIVERED' AND a.captured = 0 AND NOT EXISTS (
     SELECT 1 FROM payment_transaction t WHERE t.attempt_id = a.id AND t.status = 'FAILED')",
    // 9: what came in, and what events start.
    "SELECT '9: a message was taken in and forgotten: ' || message_id FROM webhook_delivery WHERE status = 'PENDING'",
    "SELECT '9: a message was put aside and nobody is told: ' || d.message_id FROM webhook_delivery d WHERE d.status = 'QUARANTINED'
     AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.subject = 'whk_' || lower(hex(d.id)))",
    // 10: mails.
    "SELECT '10: a mail still waits: ' || hex(id) FROM notification WHERE status = 'WAITING'",
    "SELECT '10: an order was confirmed ' || n || ' times: ' || number FROM (SELECT o.number, (SELECT COUNT(*) FROM notification m
     WHERE m.order_id = o.id AND m.kind = 'ORDER_CONFIRMATION') AS n FROM orders o) WHERE n <> 1",
    // 12: work.
    "SELECT '12: a job is still claimed by nobody: ' || kind FROM job WHERE status = 'RUNNING'",
    "SELECT '12: a job was given up and nobody is told: ' || j.kind FROM job j WHERE j.status = 'FAILED'
     AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.subject = 'job_' || lower(hex(j.id)))",
];
