//! Idempotency records: which attempt a key belongs to. No response is stored; a repeat finds the
//! same attempt and answers from it.
