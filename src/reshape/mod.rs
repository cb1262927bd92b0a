//! TFRecord files of any origin, cut anew: mended, joined, divided, shuffled, filtered, compared.
//!
//! ```text
//!  Inputs       files, folders, patterns, standard input; any compression        inputs
//!   |  Record by record, in the order of the files, strictly or over damage      damage
//!   |  copied with the bytes that were read; only `select` makes new payloads    transform, copy, shards, shuffle
//!   v  one file (AtomicFile), standard output, or a folder (Staging)             output
//! ```
//!
//! Nothing holds more than a record and its buffers, but where a function says so. The same files and options give the same
//! bytes. A run that fails, is stopped or is killed leaves no file that it was asked for.

mod copy;
mod damage;
mod diff;
mod error;
mod filter;
mod inputs;
mod job;
mod output;
mod repair;
mod shards;
mod shuffle;
mod transform;

pub use copy::{Counted, Indexed, concatenate, count, index, recompress};
pub use damage::{Damage, Known};
pub use diff::{DiffOptions, Difference, RecordPlace, Side, diff};
pub use error::ReshapeError;
pub use filter::{Filter, Selection, filter, select};
pub use inputs::{Input, Inputs, Stream};
pub use job::Job;
pub use output::{Out, OutputOptions, Written};
pub use repair::repair;
pub use shards::{Cut, Parts, reshard, split};
pub use shuffle::shuffle;
pub use transform::Report;
