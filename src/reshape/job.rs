//! A run that is watched from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::ReshapeError;

/// What is told of a run while it goes on, and asked of it. Clones are of the same run.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// Set, it ends the run within a second; then nothing is made.
    pub stop: Arc<AtomicBool>,
    bytes: Arc<AtomicU64>,
    bytes_total: Arc<AtomicU64>,
    records: Arc<AtomicU64>,
}

impl Job {
    /// Bytes of files read so far, bytes to be read in all (0 where that is not known), and records read.
    pub fn progress(&self) -> (u64, u64, u64) {
        let of = |number: &AtomicU64| number.load(Ordering::Relaxed);
        (of(&self.bytes), of(&self.bytes_total), of(&self.records))
    }

    /// An error once the caller has asked to stop.
    pub fn check(&self) -> Result<(), ReshapeError> {
        if self.stop.load(Ordering::Relaxed) { Err(ReshapeError::Cancelled) } else { Ok(()) }
    }

    /// So many more bytes were read.
    pub fn read(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Grows by the bytes that are read.
    pub(super) fn bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }

    /// So many more bytes are to be read.
    pub fn expect(&self, bytes: u64) {
        self.bytes_total.fetch_add(bytes, Ordering::Relaxed);
    }

    /// One more record was read.
    pub fn count(&self) {
        self.records.fetch_add(1, Ordering::Relaxed);
    }
}
