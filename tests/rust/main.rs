//! All integration tests of the crate, in one binary.

mod formats;
mod label_map;
