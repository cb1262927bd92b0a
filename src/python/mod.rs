//! The extension module `recordmill._native`: takes arguments, releases the GIL, calls, wraps. No logic.
//!
//! What may take long is done detached from the interpreter. A lock of ours is only ever waited for by
//! `lock_py_attached`, which detaches for the time: nobody waits for the interpreter and a lock at once.

use pyo3::prelude::*;

mod columns;
mod convert;
mod dataset;
mod errors;
mod example;
mod fork;
mod fresh;
mod index;
mod inspect;
mod path;
mod reader;
mod reshape;
mod table;
mod value;
mod view;
mod watch;
mod writer;

#[pymodule(gil_used = false)]
mod _native {
    use super::*;

    #[pymodule_export]
    use super::columns::encode_examples;
    #[pymodule_export]
    use super::convert::{against, check, convert, formats_list, load, read_image, save};
    #[pymodule_export]
    use super::dataset::{Column, Dataset};
    #[pymodule_export]
    use super::example::{decode_example, decode_sequence_example, encode_example, encode_sequence_example};
    #[pymodule_export]
    use super::index::TFRecordIndex;
    #[pymodule_export]
    use super::inspect::{extract, feature_spec, inspect, record_files, show, snippet, verify};
    #[pymodule_export]
    use super::reader::{LostBytes, TFRecordReader};
    #[pymodule_export]
    use super::reshape::reshape;
    #[pymodule_export]
    use super::table::{RecordTable, convert_table, read_arrow, write_arrow};
    #[pymodule_export]
    use super::view::{check_page, save_page, view, view_dataset};
    #[pymodule_export]
    use super::writer::TFRecordWriter;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        errors::add_to(module)?;
        fork::watch(module)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
