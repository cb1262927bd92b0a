//! The two doors to the file system: [`AtomicFile`] and [`Staging`] make every file that we write, [`Root`] opens every path that data
//! names. Each stands here once, so that each can be tested once.

mod aside;
mod atomic;
mod root;
mod staging;

pub use aside::Aside;
pub use atomic::{AtomicFile, AtomicOptions, ClosedFile, is_leftover};
pub use root::{OutsideRoot, Root};
pub use staging::{Staging, lock};
