//! Who is asking, and what they may do: customers, staff, sessions, API tokens, the policy.
