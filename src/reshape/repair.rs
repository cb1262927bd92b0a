//! What can be saved of damaged files.

use std::path::Path;

use super::inputs::Inputs;
use super::output::OutputOptions;
use super::transform::{Act, Report, transform};
use super::{Job, ReshapeError};
use crate::record::{ReadOptions, Recovery};

/// Writes every record of `inputs` that is whole to `out`, and says which bytes were lost. A record is whole if both of
/// its checksums hold; none is made of anything else. How files are read is always [`Recovery::Skip`], and what comes behind
/// damage of a compressed stream is looked for too.
pub fn repair(inputs: &Inputs, out: &Path, options: &OutputOptions, job: &Job) -> Result<Report, ReshapeError> {
    let read = ReadOptions { recovery: Recovery::Skip, verify: true, salvage: true, ..inputs.read };
    let inputs = Inputs { read, ..inputs.clone() };
    transform(&inputs, out, options, job, str::to_owned, |_, _, _| Ok(Act::Copy))
}
