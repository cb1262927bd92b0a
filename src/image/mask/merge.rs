//! What masks have together, or what any of them has.
//!
//! Source: `rleMerge` of cocoapi's `common/maskApi.c`, whose result is the same down to runs of length 0 inside of a mask.
//! Two things are not: masks of different sizes, with which that does not end or gives an image without pixels, are an error;
//! and where all masks have two runs of length 0 at the same place, at which that stops, this goes on.

use super::MaskError;
use crate::image::runs::pixels;

/// What of several masks becomes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Pixels that are 1 in any.
    Union,
    /// Pixels that are 1 in all.
    Intersection,
}

/// Several masks of the same size, of as many pixels as a run can count, as one; no run where there is none, the runs as they are where there is one.
pub fn merged<Runs: AsRef<[u32]>>(masks: &[Runs], how: How) -> Result<Vec<u32>, MaskError> {
    let Some((first, rest)) = masks.split_first() else { return Ok(Vec::new()) };
    let mut all = first.as_ref().to_vec();
    let (wanted, most) = (pixels(&all), u64::from(u32::MAX));
    if wanted > most && !rest.is_empty() {
        return Err(MaskError::Pixels(wanted, most));
    }
    for mask in rest {
        let mask = mask.as_ref();
        let has = pixels(mask);
        if has != wanted {
            return Err(MaskError::Pixels(has, wanted));
        }
        all = both(&all, mask, how);
    }
    Ok(all)
}

fn both(a: &[u32], b: &[u32], how: How) -> Vec<u32> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (Side::new(a), Side::new(b));
    let (mut set, mut run) = (false, 0);
    loop {
        let common = a.left.min(b.left);
        run += common;
        a.pass(common);
        b.pass(common);
        let done = a.is_done() && b.is_done();
        let is_set = match how {
            How::Union => a.set || b.set,
            How::Intersection => a.set && b.set,
        };
        if is_set != set || done {
            merged.push(std::mem::take(&mut run));
        }
        if done {
            return merged;
        }
        set = is_set;
    }
}

/// A place in a mask.
struct Side<'r> {
    runs: std::slice::Iter<'r, u32>,
    /// Pixels that are left of the run.
    left: u32,
    set: bool,
}

impl<'r> Side<'r> {
    fn new(runs: &'r [u32]) -> Self {
        let mut runs = runs.iter();
        Self { left: runs.next().copied().unwrap_or(0), runs, set: false }
    }

    /// Passes pixels of the run, to the next if it has no more.
    fn pass(&mut self, pixels: u32) {
        self.left -= pixels;
        if self.left == 0
            && let Some(next) = self.runs.next()
        {
            (self.left, self.set) = (*next, !self.set);
        }
    }

    fn is_done(&self) -> bool {
        self.left == 0 && self.runs.as_slice().is_empty()
    }
}
