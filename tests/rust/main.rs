//! All integration tests of the crate, in one binary.

mod fuzz_replay;
mod golden_wire;
mod properties;
