//! All integration tests of the crate, in one binary.

mod example;
mod files;
mod fuzz_replay;
mod golden_frames;
mod golden_wire;
mod image;
mod properties;
mod record;
#![allow(clippy::unwrap_used)]
