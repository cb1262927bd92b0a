//! Micro-benches of each layer.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "layers/example.rs"]
mod example;

fn main() {
    divan::main();
}
