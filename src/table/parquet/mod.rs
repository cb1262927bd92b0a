//! Apache Parquet, by the `parquet` crate's column readers and writers. They give values and levels, and know nothing of
//! Arrow: how rows are put together of them (Dremel, Melnik and others 2010) is in `levels`.
//!
//! A file's numbers are not believed: a range is read that the file has, and the values of rows that are read at once are
//! counted before they are unpacked. What the crate does not foresee becomes an error, not a panic.

mod levels;
mod read;
mod schema;
mod write;

pub(super) use read::{ParquetFile, columns};
pub(super) use write::{ParquetWriter, refuses};
