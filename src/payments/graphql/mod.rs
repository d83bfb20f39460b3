//! Payments as clients see them: a buyer their own payment, the store also where its money went.

mod refund;
mod types;

pub use self::refund::{
    RefundCreateErrorCode, RefundCreateInput, RefundCreatePayload, RefundCreateUserError, RefundLineInput,
    RefundMutation,
};
pub use self::types::{
    Payment, PaymentAttemptStatus, PaymentLoader, PaymentTransaction, PaymentTransactionKind, PaymentTransactionStatus,
    Refund, TransactionLoader, find, find_refund, find_transaction,
};
