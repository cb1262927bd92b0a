//! All integration tests of the crate, in one binary.

mod example;
mod golden_wire;
