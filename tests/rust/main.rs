//! All integration tests of the crate, in one binary.
#![allow(clippy::unwrap_used)]

mod class_names;
mod convert;
mod example;
mod file_names;
mod files;
mod formats;
mod formats_tree;
mod fuzz_replay;
mod golden_frames;
mod golden_wire;
mod image;
mod inspect;
mod inspect_several;
mod inspect_show;
mod label_map;
mod layers;
mod long_files;
mod masks;
mod properties;
mod record;
mod reshape;
mod second_look;
mod writers;
