//! recordmill turns annotated image datasets into TFRecord files, and reads, checks and opens any TFRecord.
//!
//! The data's way through the house, and the room that does each step:
//!
//! ```text
//!  input folder
//!   |  formats::tree       one walk; every file that the walk saw, nothing else
//!   |  formats::detect     every row of the registry scores the tree; one wins, or the candidates are printed
//!   |  formats::<x>        annotation files, in parallel -> Dataset     (from here nobody knows which format it was)
//!   |  convert::plan       splits, order, shards: all decided before the first byte is written
//!   |  convert::pipeline   per image, on any thread: read bytes -> image header -> features -> framed Example
//!   |  convert::shard      temporary file, then rename
//!   v  convert::report     counts, bytes, and every problem with its place
//! ```
//!
//! Beside it, for TFRecord files of any origin: `inspect` looks into them, `reshape` mends, joins, divides and compares them,
//! `snippet` writes programs that read them, `table` makes them of tables and tables of them. `view` makes a page that a browser shows
//! of any of these.
//!
//! Who may name whom is fixed by `tests/rust/layers.rs`: `record`, `example`, `image`, `dataset` and `files` name
//! nothing of ours; `formats` names `dataset`, `image` and `files`; `inspect` names all of these (of `formats` label maps and names of
//! files); `reshape` names `record`, `example` and `files`; `table` adds `reshape`; `snippet` names `record`, `files`, `inspect` and
//! `reshape`; `convert`, `view` and `python` may name everything below them.

pub mod convert;
pub mod dataset;
pub mod example;
pub mod files;
pub mod formats;
pub mod image;
pub mod inspect;
#[cfg(feature = "python")]
mod python;
pub mod record;
pub mod reshape;
pub mod snippet;
pub mod table;
pub mod view;
