//! Knowing that the process was forked.
//!
//! A child has its parent's objects. A writer in it that wrote, renamed or removed would do so to the parent's file.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;

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

/// A lock that knows who holds it. One that a thread held when the process was forked is never let go in the child, and
/// a signal's handler may come back to what its own thread is doing: both are errors, not waits without an end.
#[derive(Default)]
pub struct Held<T> {
    value: Mutex<T>,
    /// Process and thread of the holder; 0 for nobody.
    holder: AtomicU64,
}

/// The value of a [`Held`], for as long as this lives.
pub struct Guard<'a, T> {
    value: MutexGuard<'a, T>,
    holder: &'a AtomicU64,
}

impl<T> Held<T> {
    /// Waits for the lock; `what` stands in the error.
    #[inline]
    pub fn lock(&self, py: Python<'_>, what: &str) -> PyResult<Guard<'_, T>> {
        let own = thread_number();
        let value = match self.value.try_lock() {
            Ok(value) => value,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => self.wait(py, own, what)?,
        };
        self.holder.store(own, Ordering::Relaxed);
        Ok(Guard { value, holder: &self.holder })
    }

    #[cold]
    fn wait(&self, py: Python<'_>, own: u64, what: &str) -> PyResult<MutexGuard<'_, T>> {
        let holder = self.holder.load(Ordering::Relaxed);
        if holder == own {
            return Err(PyRuntimeError::new_err(format!("the {what} is in the middle of another call of this thread")));
        }
        if holder != 0 && holder >> 32 != own >> 32 {
            let message = format!("the {what} was in use by another thread when the process was forked");
            return Err(PyRuntimeError::new_err(message));
        }
        Ok(self.value.lock_py_attached(py).unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

/// The process in the upper half, the thread in the lower; never 0.
fn thread_number() -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static THREAD: u64 = THREADS.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff;
    }
    Process::this().0 << 32 | THREAD.with(|thread| *thread)
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // Before the lock is let go, which the field's own drop does.
        self.holder.store(0, Ordering::Relaxed);
    }
}
