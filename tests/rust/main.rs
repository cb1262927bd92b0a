//! All integration tests of the crate, in one binary.
#![allow(clippy::unwrap_used)]

mod example;
mod files;
mod formats;
mod formats_tree;
mod golden_frames;
mod golden_wire;
mod image;
mod inspect;
mod label_map;
mod layers;
mod record;
