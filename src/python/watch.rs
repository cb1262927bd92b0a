//! Long work that listens to Ctrl-C.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use serde::Serialize;

use crate::record::GoOn;

/// How often Python is asked for a signal.
const INTERVAL: Duration = Duration::from_millis(50);

/// Does `work` on a thread while this one listens. `work` is given a flag that is set when it is to stop, and is waited
/// for in any case, since it borrows.
pub fn watched<T: Send>(py: Python<'_>, work: impl FnOnce(&Arc<AtomicBool>) -> T + Send) -> PyResult<T> {
    watched_telling(py, &Arc::default(), |_| Ok(()), work)
}

/// As [`watched`], with a flag of the caller's, and `tell` called now and then.
pub fn watched_telling<T: Send>(
    py: Python<'_>,
    stop: &Arc<AtomicBool>,
    mut tell: impl FnMut(Python<'_>) -> PyResult<()> + Send,
    work: impl FnOnce(&Arc<AtomicBool>) -> T + Send,
) -> PyResult<T> {
    py.detach(|| {
        let (send, receive) = mpsc::channel();
        thread::scope(|scope| {
            let thread = scope.spawn(|| send_result(&send, work(stop)));
            let result = wait(&receive, stop, &mut tell);
            match thread.join() {
                Ok(()) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    })
}

/// As [`watched`], for work that cannot be stopped and does nothing but read: it is left to itself.
pub fn abandonable<T: Send + 'static>(py: Python<'_>, work: impl FnOnce() -> T + Send + 'static) -> PyResult<T> {
    py.detach(|| {
        let (send, receive) = mpsc::channel();
        thread::spawn(move || send_result(&send, work()));
        wait(&receive, &AtomicBool::new(false), &mut |_| Ok(()))
    })
}

/// To be asked by a reader on Python's own thread: its error is what a signal's handler raised.
pub fn listener() -> GoOn {
    let mut last = Instant::now();
    Box::new(move || {
        if last.elapsed() < INTERVAL {
            return Ok(());
        }
        last = Instant::now();
        Python::attach(|py| py.check_signals()).map_err(io::Error::other)
    })
}

/// Nobody listens any more where the other side heard of Ctrl-C.
fn send_result<T>(send: &mpsc::Sender<T>, result: T) {
    drop(send.send(result));
}

fn wait<T>(
    receive: &mpsc::Receiver<T>,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Python<'_>) -> PyResult<()>,
) -> PyResult<T> {
    loop {
        match receive.recv_timeout(INTERVAL) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Disconnected) => return Err(PyRuntimeError::new_err("a thread panicked")),
            Err(RecvTimeoutError::Timeout) => {
                Python::attach(|py| py.check_signals().and_then(|()| tell(py)))
                    .inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            }
        }
    }
}

/// As JSON.
pub fn to_json(value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| PyRuntimeError::new_err(error.to_string()))
}
