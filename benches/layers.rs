//! Micro-benches of each layer.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "layers/example.rs"]
mod example;
<<<<<<< HEAD
#[path = "layers/image.rs"]
mod image;
=======

>>>>>>> example
#[path = "layers/record.rs"]
mod record;

fn main() {
    divan::main();
}
