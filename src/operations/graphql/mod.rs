//! Background work as the store's people see it, and act on it.

pub mod job;
pub mod mutation;
pub mod queue;

use async_graphql::MergedObject;

pub use self::job::{Job, JobStatus, find};

/// The queries about background work.
#[derive(MergedObject, Default)]
pub struct OperationsQuery(job::JobQuery, queue::QueueQuery);

/// The mutations of background work.
#[derive(MergedObject, Default)]
pub struct OperationsMutation(mutation::JobMutation);
