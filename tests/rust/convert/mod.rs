//! Conversions from end to end, read back with the crate's own reader.

mod back;
pub mod corpus;
mod faults;
mod raccoon;
mod writes;
