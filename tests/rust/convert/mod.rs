//! Conversions from end to end, read back with the crate's own reader.

mod back;
mod checks;
mod classification;
pub mod corpus;
mod faults;
mod keys;
mod lists;
mod maps;
mod masks;
mod raccoon;
mod schemas;
mod selects;
mod sequences;
mod targets;
mod tfds;
mod writes;
