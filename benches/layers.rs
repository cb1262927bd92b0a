//! Micro-benches of each layer.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "layers/example.rs"]
mod example;
#[path = "layers/formats.rs"]
mod formats;
#[path = "layers/image.rs"]
mod image;
#[path = "layers/record.rs"]
mod record;

fn main() {
    divan::main();
}
