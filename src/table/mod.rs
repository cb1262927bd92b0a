//! Tables to TFRecord files of Examples, and back.
//!
//! ```text
//!  CSV, TSV, JSON lines      text      types are guessed from all rows
//!  Parquet, Arrow, npz       parquet, arrow, npz
//!   |  pieces, made by one thread one after the other                        source
//!   |  to columns of int64, float32 and byte strings, on all threads         model
//!   |  to an Example for each row, framed, on all threads                    encode
//!   v  one file or standard output, in order                                 from
//!
//!  TFRecord files
//!   |  read once to infer the columns                                        infer
//!   |  read again, to columns, on all threads                                decode
//!   v  one file or standard output, in order                                 to
//! ```
//!
//! Nothing holds more than some pieces for each thread, but Parquet's writer a row group; npz's keeps columns in
//! temporary files. The same files and options give
//! the same bytes. What cannot be carried over is refused with its column and row; nothing is changed in silence.

mod arrow;
mod columnar;
mod decode;
mod encode;
mod error;
mod from;
mod guard;
mod infer;
mod memory;
mod model;
mod narrow;
mod npz;
mod parquet;
mod pipeline;
mod source;
mod text;
mod to;
mod types;

pub use arrow::ffi::{ArrowArray, ArrowArrayStream, ArrowSchema};
pub use encode::Message;
pub use error::TableError;
pub use from::{ColumnReport, FromReport, from_table};
pub use memory::{RecordTable, write_array, write_table};
pub use model::Ask;
pub use source::{Format, Kept, Table, find, find_records};
pub use text::delimiter;
pub use to::{ToReport, to_table};
pub use types::{Asked, Type};

pub use crate::reshape::Job;

/// Names, for a message: some of many.
fn listed(names: &[impl AsRef<str>]) -> String {
    const LISTED: usize = 20;
    let shown: Vec<&str> = names.iter().take(LISTED).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
