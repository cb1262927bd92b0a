//! Why there is no page.

use crate::convert::ConvertError;
use crate::reshape::ReshapeError;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// An option means nothing.
    #[error("{0}")]
    Option(String),
    /// The dataset cannot be read.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// Record files cannot be found or read.
    #[error(transparent)]
    Records(#[from] ReshapeError),
}

impl ViewError {
    /// The caller asked to stop.
    pub(super) fn cancelled() -> Self {
        ConvertError::Cancelled.into()
    }
}
