//! Micro-benches of each layer.

fn main() {
    divan::main();
}
