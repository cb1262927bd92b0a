//! The two doors to the file system: [`AtomicFile`] and [`Staging`] make every file that we write, [`Root`] opens every path that data
//! names, in a [`Folder`] or an [`Archive`]. Each stands here once, so that each can be tested once.

mod archive;
mod aside;
mod atomic;
mod folder;
mod root;
pub mod shard;
mod sink;
mod staging;

pub use archive::{Archive, ArchivedFile, Refused};
pub use aside::Aside;
pub use atomic::{AtomicFile, AtomicOptions, ClosedFile, is_leftover};
pub use folder::{Folder, OutsideRoot};
pub use root::{Opened, Root};
pub use sink::Sink;
pub use staging::{Staging, lock};
