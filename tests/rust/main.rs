//! All integration tests of the crate, in one binary.
#![allow(clippy::unwrap_used)]

mod files;
mod golden_frames;
mod image;
mod layers;
mod record;
