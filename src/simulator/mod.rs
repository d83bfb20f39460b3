//! Suppliers, carriers and a payment gateway to test against, as a process of their own.
