//! All integration tests of the crate, in one binary.

mod formats;
mod formats_tree;
mod label_map;
