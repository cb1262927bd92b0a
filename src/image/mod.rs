//! What the first bytes of an image say: kind, size, channels, orientation. No pixel is decoded but by [`transcode`] and
//! [`thumbnail`].
//!
//! [`header::read`] takes the bytes of a whole file, because a file that lacks its end is no image to TensorFlow, and
//! must not become a record: see [`header`] for how an end is noticed in each kind.

mod error;
pub mod header;
mod kind;
pub mod mask;
pub mod runs;
pub mod thumbnail;
pub mod transcode;

pub use error::{ImageError, ImageErrorKind};
pub use header::Header;
pub use kind::{Kind, is_image_name};
