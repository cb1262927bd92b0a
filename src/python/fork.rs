//! Knowing that the process was forked.
//!
//! A child has its parent's objects. A writer in it that wrote, renamed or removed would do so to the parent's file.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

static FORKS: AtomicU64 = AtomicU64::new(0);

/// The process, as counted from the first that loaded this module: every forked child has a number of its own, and
/// asking costs no system call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Process(u64);

impl Process {
    /// This one.
    #[inline]
    pub fn this() -> Self {
        Self(FORKS.load(Ordering::Relaxed))
    }
}

#[pyfunction]
fn after_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// Has Python count the forks, where there are any.
pub fn watch(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let os = module.py().import("os")?;
    let Some(register) = os.getattr_opt("register_at_fork")? else { return Ok(()) };
    let arguments = pyo3::types::PyDict::new(module.py());
    arguments.set_item("after_in_child", wrap_pyfunction!(after_fork, module)?)?;
    register.call((), Some(&arguments)).map(drop)
}
