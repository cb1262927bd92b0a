//! The extension module `recordmill._native`: takes arguments, releases the GIL, calls, wraps. No logic.

use pyo3::prelude::*;

mod errors;
mod example;
mod path;
mod value;

#[pymodule(gil_used = false)]
mod _native {
    use super::*;

    #[pymodule_export]
    use super::example::{decode_example, decode_sequence_example, encode_example, encode_sequence_example};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        errors::add_to(module)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
