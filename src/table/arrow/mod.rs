//! Arrow's columns in memory (<https://arrow.apache.org/docs/format/Columnar.html>), and the two ways that they come and go:
//! the C data interface, by which pandas, Polars, DuckDB and pyarrow hand over their tables without a copy, and the IPC
//! formats. Read and written here, not by a library: of Arrow's types an Example can carry few, and buffers from files are looked at
//! with their bounds.

mod array;
mod build;
mod convert;
pub mod ffi;
mod flat;
mod ipc;
mod node;
mod pieces;
mod write;

pub(super) use array::Array;
pub(super) use build::{build, schema};
pub(super) use convert::fields;
pub(super) use ipc::{CONTINUATION, MAGIC};
pub(super) use node::{Layout, Node, format};
pub(super) use pieces::{Pieces, columns, open};
pub(super) use write::{ArrowWriter, Message, encode, refuses};
