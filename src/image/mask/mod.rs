//! Masks drawn, joined, and turned into what training reads: PNGs and arrays. As runs they are in [`runs`](super::runs).
//!
//! ```text
//!  outline, box ---- polygon --+                      +-- png ---- 8 bit gray PNG of 0 and 1
//!  ellipse --------- ellipse --+--> runs -- rows -----+
//!  several masks --- merge ----+    ^                 +-- dense -- array, row by row
//!                                   +---- rows -------------------- array
//! ```
//!
//! A size is `[width, height]`. What a file claims meets a limit before it takes time or memory: nothing here costs more than
//! what it was given, or the pixels of a mask, up to [`PIXELS`], or the columns that edges cross, up to [`CROSSINGS`].

pub mod dense;
pub mod ellipse;
pub mod merge;
pub mod png;
pub mod polygon;
pub mod rows;

mod deflate;

/// How many pixels a mask may have that is looked at row by row.
pub const PIXELS: u64 = 1 << 27;

/// How many columns the edges of an outline may cross, each edge by itself.
pub const CROSSINGS: u64 = 1 << 24;

/// Why there is no such mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MaskError {
    /// An image without pixels, or with more than are looked at.
    #[error("a mask of {0}x{1} pixels")]
    Size(u32, u32),
    /// Runs that belong to an image of another size.
    #[error("runs of {0} pixels, not of {1}")]
    Pixels(u64, u64),
    /// More than [`CROSSINGS`].
    #[error("an outline whose edges cross {0} columns, more than {CROSSINGS}")]
    Crossings(u64),
}

/// The pixels of an image, which are at least one and at most `limit`.
fn pixels_of([width, height]: [u32; 2], limit: u64) -> Result<u64, MaskError> {
    let pixels = u64::from(width) * u64::from(height);
    (1..=limit).contains(&pixels).then_some(pixels).ok_or(MaskError::Size(width, height))
}
