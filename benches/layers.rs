//! Micro-benches of each layer.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "layers/example.rs"]
mod example;

#[path = "layers/record.rs"]
mod record;

fn main() {
    divan::main();
}
