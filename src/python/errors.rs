//! Every error of ours as Python sees it. One place; nothing else makes exceptions of Rust errors.
//!
//! ```text
//! Error
//! ├── RecordError    offset, record      framing of a TFRecord file
//! ├── ExampleError   offset              bytes that are no Example
//! ├── FormatError    path, line          annotation files, and tables
//! └── ConvertError   report              a conversion that was refused or failed
//! ```
//!
//! What the operating system says is an `OSError` of the usual subclass (`FileNotFoundError`, ...) with `errno` and
//! `filename`; wrong arguments are `ValueError` or `TypeError`.

use std::io;
use std::path::Path;

use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyFileExistsError, PyKeyboardInterrupt, PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::dataset::Severity;
use crate::{convert, example, formats, inspect, record, reshape, table, view};

create_exception!(recordmill, Error, PyException, "Base of the errors that recordmill raises itself.");
create_exception!(
    recordmill,
    RecordError,
    Error,
    "A TFRecord file is damaged.\n\n`offset` is the byte of the file where the record starts, `record` its number from 0; \
     for a compressed file both count in the uncompressed bytes. Either is None where it is not known."
);
create_exception!(
    recordmill,
    ExampleError,
    Error,
    "Bytes are no tf.train.Example or SequenceExample.\n\n`offset` is the byte where the part begins that cannot be read."
);
create_exception!(
    recordmill,
    FormatError,
    Error,
    "An annotation file, a dataset's folder or a table cannot be read or written.\n\n`path` is the file, `line` its line from 1; either may be None."
);
create_exception!(
    recordmill,
    ConvertError,
    Error,
    "A conversion was refused or failed.\n\n`report` is the Report up to there, with every problem and its place, or None."
);

/// Adds the exceptions to the module, each with its attributes at None.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let types = [
        ("Error", py.get_type::<Error>(), &[][..]),
        ("RecordError", py.get_type::<RecordError>(), &["offset", "record"]),
        ("ExampleError", py.get_type::<ExampleError>(), &["offset"]),
        ("FormatError", py.get_type::<FormatError>(), &["path", "line"]),
        ("ConvertError", py.get_type::<ConvertError>(), &["report"]),
    ];
    for (name, class, attributes) in types {
        attributes.iter().try_for_each(|attribute| class.setattr(*attribute, py.None()))?;
        module.add(name, class)?;
    }
    Ok(())
}

/// An error with an attribute set.
fn with<'py>(py: Python<'py>, error: PyErr, name: &str, value: impl IntoPyObject<'py>) -> PyErr {
    match error.value(py).setattr(name, value) {
        Ok(()) => error,
        Err(failed) => failed,
    }
}

/// The builtin for what the operating system said about `path`.
pub fn of_io(py: Python<'_>, error: &io::Error, path: Option<&Path>) -> PyErr {
    // What a signal's handler raised while a file was read.
    if let Some(raised) = error.get_ref().and_then(|inner| inner.downcast_ref::<PyErr>()) {
        return raised.clone_ref(py);
    }
    if error.kind() == io::ErrorKind::OutOfMemory {
        return PyMemoryError::new_err(error.to_string());
    }
    match error.raw_os_error() {
        // OSError(errno, strerror, filename) picks its own subclass.
        Some(errno) => {
            let text = error.to_string();
            let text = text.rsplit_once(" (os error").map_or(text.as_str(), |(text, _)| text).to_owned();
            match path {
                Some(path) => PyOSError::new_err((errno, text, path.as_os_str().to_owned())),
                None => PyOSError::new_err((errno, text)),
            }
        }
        None => {
            let (errno, text) = (errno_of(error.kind()), error.to_string());
            match path {
                Some(path) => PyOSError::new_err((errno, text, path.as_os_str().to_owned())),
                None => PyOSError::new_err((errno, text)),
            }
        }
    }
}

/// The number that picks the subclass of `OSError`, for what we refuse ourselves before the system is asked. They are
/// the same on every system that Python runs on.
fn errno_of(kind: io::ErrorKind) -> i32 {
    match kind {
        io::ErrorKind::NotFound => 2,
        io::ErrorKind::PermissionDenied => 13,
        io::ErrorKind::AlreadyExists => 17,
        io::ErrorKind::NotADirectory => 20,
        io::ErrorKind::IsADirectory => 21,
        io::ErrorKind::InvalidInput => 22,
        _ => 5,
    }
}

/// Bytes that are no Example.
pub fn of_example(py: Python<'_>, error: &example::ExampleError) -> PyErr {
    with(py, ExampleError::new_err(error.to_string()), "offset", error.offset())
}

/// Values that make no Example: the caller's.
pub fn of_encode(error: &example::EncodeError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// What a reader, a writer or an index says about the file at `path`.
pub fn of_record(py: Python<'_>, error: &record::RecordError, path: &Path) -> PyErr {
    use crate::record::RecordErrorKind as Kind;
    match error.kind() {
        Kind::Io(error) => of_io(py, error, Some(path)),
        Kind::Memory { .. } => PyMemoryError::new_err(format!("{}: {error}", path.display())),
        Kind::Level(_) => PyValueError::new_err(error.to_string()),
        _ => {
            let raised = RecordError::new_err(format!("{}: {error}", path.display()));
            let raised = with(py, raised, "offset", error.offset());
            with(py, raised, "record", error.record())
        }
    }
}

/// Why a path means no file.
pub fn of_list(py: Python<'_>, error: &record::ListError) -> PyErr {
    use crate::record::ListError as Kind;
    match error {
        Kind::Missing { path, error } => of_io(py, error, Some(path)),
        Kind::Folder { path, error } => of_action(py, "cannot be read", path, error),
        _ => PyValueError::new_err(error.to_string()),
    }
}

/// Why a path could not be described.
pub fn of_unreadable(py: Python<'_>, unreadable: &inspect::Unreadable) -> PyErr {
    match &unreadable.cause {
        inspect::Cause::List(error) => of_list(py, error),
        inspect::Cause::Record(path, error) => of_record(py, error, path),
    }
}

/// Why nothing was taken out of records.
pub fn of_extract(py: Python<'_>, error: &inspect::ExtractError) -> PyErr {
    use crate::inspect::ExtractError as Kind;
    match error {
        Kind::List(error) => of_list(py, error),
        Kind::Record { path, error } => of_record(py, error, path),
        Kind::Exists(path) => exists(path),
        Kind::Io { action, path, error } => of_action(py, action, path, error),
        Kind::Cancelled => PyKeyboardInterrupt::new_err(()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

/// Why files were not cut anew.
pub fn of_reshape(py: Python<'_>, error: &reshape::ReshapeError) -> PyErr {
    use crate::reshape::ReshapeError as Kind;
    match error {
        Kind::Option(_) => PyValueError::new_err(error.to_string()),
        Kind::Record { path, error } => of_record(py, error, path),
        Kind::Io { action, path, error } => of_action(py, action, path, error),
        Kind::Exists { path } => exists(path),
        Kind::Payload { .. } => ExampleError::new_err(error.to_string()),
        Kind::Cancelled => PyKeyboardInterrupt::new_err(()),
    }
}

/// What the system said about `path` when something was tried.
fn of_action(py: Python<'_>, action: &str, path: &Path, error: &io::Error) -> PyErr {
    let raised = of_io(py, error, Some(path));
    // A note that cannot be added is no reason to lose the error.
    let _ = raised.value(py).call_method1("add_note", (action,));
    raised
}

pub fn exists(path: &Path) -> PyErr {
    let text = "is there already; overwrite replaces it";
    PyFileExistsError::new_err((17, text, path.as_os_str().to_owned()))
}

/// Why a source cannot be loaded.
pub fn of_format(py: Python<'_>, error: &formats::FormatError) -> PyErr {
    use crate::formats::FormatErrorKind as Kind;
    let path = Some(error.path()).filter(|path| !path.as_os_str().is_empty());
    match error.kind() {
        Kind::Io(error) => of_io(py, error, path),
        Kind::UnknownFormat(..) => PyValueError::new_err(error.to_string()),
        _ => {
            let raised = FormatError::new_err(error.to_string());
            let raised = with(py, raised, "path", path.map(Path::as_os_str));
            with(py, raised, "line", Some(error.line()).filter(|line| *line > 0))
        }
    }
}

/// Problems that stand in the text of an error; its report has all of them.
const LISTED: usize = 20;

/// Why a table was not read or written.
pub fn of_table(py: Python<'_>, error: &table::TableError) -> PyErr {
    use crate::table::TableError as Kind;
    let at = |path: &Path, line: Option<u64>| {
        let raised = with(py, FormatError::new_err(error.to_string()), "path", path.as_os_str());
        with(py, raised, "line", line)
    };
    match error {
        Kind::Option(_) => PyValueError::new_err(error.to_string()),
        Kind::Line { path, line, .. } => at(path, Some(*line)),
        Kind::Malformed { path, .. } | Kind::Column { path, .. } | Kind::Value { path, .. } => at(path, None),
        Kind::Io { action, path, error } => of_action(py, action, path, error),
        Kind::Records(error) => of_reshape(py, error),
        _ => Error::new_err(error.to_string()),
    }
}

/// Why a conversion made nothing.
pub fn of_convert(py: Python<'_>, error: &convert::ConvertError) -> PyErr {
    use crate::convert::ConvertError as Kind;
    match error {
        Kind::Option(_) | Kind::Labels(_) => PyValueError::new_err(error.to_string()),
        Kind::Format(error) => of_format(py, error),
        Kind::Io { action, path, error } => of_action(py, action, path, error),
        Kind::Exists { path } => exists(path),
        Kind::Record(error) => of_record(py, error, Path::new("")),
        Kind::Refused(report) | Kind::Empty(report) | Kind::Lossy(report) => {
            let mut lines: Vec<String> = report
                .problems
                .iter()
                .filter(|problem| problem.kind.severity() != Severity::Note && !matches!(error, Kind::Lossy(_)))
                .map(ToString::to_string)
                .collect();
            let more = lines.len().saturating_sub(LISTED);
            lines.truncate(LISTED);
            if more > 0 {
                lines.push(format!("... and {more} more"));
            }
            lines.push(error.to_string());
            match super::convert::report_to_python(py, report) {
                Ok(report) => with(py, ConvertError::new_err(lines.join("\n")), "report", report),
                Err(failed) => failed,
            }
        }
        Kind::Cancelled => PyKeyboardInterrupt::new_err(()),
        _ => ConvertError::new_err(error.to_string()),
    }
}

/// Why there is no page.
pub fn of_view(py: Python<'_>, error: &view::ViewError) -> PyErr {
    use crate::view::ViewError as Kind;
    match error {
        Kind::Option(_) => PyValueError::new_err(error.to_string()),
        Kind::Convert(error) => of_convert(py, error),
        Kind::Records(error) => of_reshape(py, error),
    }
}
