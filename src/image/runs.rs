//! Masks as runs, the way COCO stores them: lengths of runs of 0 and 1 in turn, the first of 0, down the columns of the
//! image from left to right.
//!
//! In JSON they are a list of numbers, or a text: each length from the fourth on less the length two before it, as groups of
//! five bits, the lowest first, bit 5 saying that more follow, the highest bit of the last group being the sign, plus 48.
//! Source: `rleToString` and `rleFrString` of cocoapi's `common/maskApi.c`.
//! pycocotools gives the text as bytes; some scripts write `str()` of them, in which it stands between `b'` and `'`.

use std::borrow::Cow;

/// Why a text is no list of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunsError {
    /// A character outside of `0` to `o`.
    #[error("character {0:?} at {1} does not belong into runs")]
    Character(char, usize),
    /// The last length is cut off, or one is below 0 or beyond 32 bits.
    #[error("run {0} has no length")]
    Length(usize),
}

/// The runs that a text stands for.
pub fn from_text(text: &str) -> Result<Vec<u32>, RunsError> {
    let inside = text.strip_prefix("b'").and_then(|text| text.strip_suffix('\''));
    let text = inside.map_or(Cow::Borrowed(text), |inside| inside.replace("\\\\", "\\").into());
    let mut runs: Vec<u32> = Vec::with_capacity(text.len() / 2);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, first)) = bytes.next() {
        let (mut at, mut byte) = (at, first);
        let (mut value, mut shift) = (0i64, 0u32);
        loop {
            let group = byte.checked_sub(48).filter(|group| *group < 64);
            let Some(group) = group else { return Err(RunsError::Character(char::from(byte), at)) };
            // Seven groups are more than 32 bits and a sign need.
            if shift > 30 {
                return Err(RunsError::Length(runs.len()));
            }
            value |= i64::from(group & 0x1f) << shift;
            shift += 5;
            if group & 0x20 == 0 {
                if group & 0x10 != 0 {
                    value |= -1 << shift;
                }
                break;
            }
            (at, byte) = bytes.next().ok_or(RunsError::Length(runs.len()))?;
        }
        if runs.len() > 2 {
            value += i64::from(runs[runs.len() - 2]);
        }
        runs.push(u32::try_from(value).map_err(|_| RunsError::Length(runs.len()))?);
    }
    Ok(runs)
}

/// The text that stands for `runs`.
pub fn to_text(runs: &[u32]) -> String {
    let mut text = String::with_capacity(runs.len() * 2);
    for (place, run) in runs.iter().enumerate() {
        let mut value = i64::from(*run);
        if place > 2 {
            value -= i64::from(runs[place - 2]);
        }
        loop {
            let group = (value & 0x1f) as u8;
            value >>= 5;
            let more = if group & 0x10 != 0 { value != -1 } else { value != 0 };
            text.push(char::from(group + if more { 0x20 } else { 0 } + 48));
            if !more {
                break;
            }
        }
    }
    text
}

/// Number of pixels that are 1.
pub fn area(runs: &[u32]) -> u64 {
    runs.iter().skip(1).step_by(2).map(|run| u64::from(*run)).sum()
}

/// Number of pixels in all.
pub fn pixels(runs: &[u32]) -> u64 {
    runs.iter().map(|run| u64::from(*run)).sum()
}

/// The mask of `width` x `height` pixels, drawn on an image as EXIF `orientation` shows it, on the image as it is stored: its
/// width, height and runs.
pub fn turned(runs: &[u32], width: u32, height: u32, orientation: u8) -> (u32, u32, Vec<u32>) {
    let (w, h) = (width as usize, height as usize);
    let mut set = vec![false; w * h];
    let mut start = 0;
    for (place, run) in runs.iter().enumerate() {
        let end = (start + *run as usize).min(set.len());
        if place % 2 == 1 {
            set[start..end].fill(true);
        }
        start = end;
    }
    let (stored_width, stored_height) = if orientation >= 5 { (h, w) } else { (w, h) };
    // Where each stored pixel is shown; the inverse of what turns a point to the stored image.
    let shown = |x: usize, y: usize| match orientation {
        2 => (w - 1 - x, y),
        3 => (w - 1 - x, h - 1 - y),
        4 => (x, h - 1 - y),
        5 => (y, x),
        6 => (w - 1 - y, x),
        7 => (w - 1 - y, h - 1 - x),
        8 => (y, h - 1 - x),
        _ => (x, y),
    };
    let mut turned = Vec::new();
    let (mut last, mut run) = (false, 0);
    for x in 0..stored_width {
        for y in 0..stored_height {
            let (x, y) = shown(x, y);
            let value = set.get(x * h + y).copied().unwrap_or(false);
            if value != last {
                turned.push(std::mem::take(&mut run));
                last = value;
            }
            run += 1;
        }
    }
    turned.push(run);
    (stored_width as u32, stored_height as u32, turned)
}

/// The mask of `from` (width, height) as one of `to`: each pixel is what the middle of it was. `None` where that has more
/// pixels than a run can count.
pub fn scaled(runs: &[u32], from: (u32, u32), to: (u32, u32)) -> Option<Vec<u32>> {
    let (width, height) = (u64::from(from.0), u64::from(from.1));
    let (to_width, to_height) = (u64::from(to.0), u64::from(to.1));
    let pixels = u32::try_from(to_width * to_height).ok()?;
    // Of a column that is `x` in `to`, which one it was; rows likewise. Products of three sides are beyond 64 bits.
    let column_of = |x: u64| (u128::from(2 * x + 1) * u128::from(width) / u128::from(2 * to_width)) as u64;
    // The first pixel whose middle is not before the edge of a row.
    let first = |edge: u64| {
        let twice = 2 * u128::from(edge) * u128::from(to_height);
        twice.saturating_sub(height.into()).div_ceil(2 * u128::from(height.max(1))) as u64
    };
    let mut set = ranges(runs).peekable();
    let mut column: Vec<[u64; 2]> = Vec::new();
    let mut last_column = None;
    let mut scaled: Vec<u32> = Vec::new();
    let mut last = 0u64;
    for x in 0..to_width {
        let source = column_of(x);
        // What is 1 of that column, as ranges of rows; a column that is shown twice is looked up once.
        if last_column.replace(source) != Some(source) {
            column.clear();
            let (start, end) = (source * height, (source + 1) * height);
            while set.next_if(|[_, to]| *to <= start).is_some() {}
            while let Some([begin, stop]) = set.peek().copied().filter(|[begin, _]| *begin < end) {
                column.push([begin.max(start) - start, stop.min(end) - start]);
                if stop > end {
                    break;
                }
                set.next();
            }
        }
        for [y0, y1] in &column {
            let [begin, end] = [y0, y1].map(|edge| x * to_height + first(*edge));
            if begin == end {
                continue;
            }
            match scaled.last_mut() {
                Some(ones) if begin == last => *ones += (end - begin) as u32,
                _ => scaled.extend([(begin - last) as u32, (end - begin) as u32]),
            }
            last = end;
        }
    }
    let rest = pixels - last as u32;
    scaled.extend((rest > 0).then_some(rest));
    Some(scaled)
}

/// What is 1 in one mask and not in another of its size.
pub fn without(runs: &[u32], other: &[u32]) -> Vec<u32> {
    let (mut result, mut last) = (Vec::new(), 0u64);
    let mut say = |start: u64, end: u64| {
        if start < end {
            result.extend([(start - last) as u32, (end - start) as u32]);
            last = end;
        }
    };
    let mut holes = ranges(other).peekable();
    for [mut start, end] in ranges(runs) {
        while holes.next_if(|[_, stop]| *stop <= start).is_some() {}
        while let Some([from, to]) = holes.peek().copied().filter(|[from, _]| *from < end) {
            say(start, from.max(start));
            start = to.max(start);
            if to >= end {
                break;
            }
            holes.next();
        }
        say(start.min(end), end);
    }
    let rest = pixels(runs).saturating_sub(last);
    if rest > 0 || result.is_empty() {
        result.push(rest as u32);
    }
    result
}

/// Start and end of each run of 1.
pub(super) fn ranges(runs: &[u32]) -> impl Iterator<Item = [u64; 2]> {
    let ends = runs.iter().scan(0u64, |end, run| {
        *end += u64::from(*run);
        Some([*end - u64::from(*run), *end])
    });
    ends.skip(1).step_by(2).filter(|[start, end]| start < end)
}

/// The box `[x0, y0, x1, y1)` around the pixels that are 1, in an image of this height; `None` if there is none.
pub fn bounds(runs: &[u32], height: u32) -> Option<[u64; 4]> {
    let height = u64::from(height);
    let mut found: Option<[u64; 4]> = None;
    let mut start = 0u64;
    for (place, run) in runs.iter().enumerate() {
        let end = start + u64::from(*run);
        if place % 2 == 1 && *run > 0 && height > 0 {
            let (x0, x1) = (start / height, (end - 1) / height + 1);
            // A run over several columns reaches both the lower and the upper edge.
            let (y0, y1) = if x1 - x0 > 1 { (0, height) } else { (start % height, (end - 1) % height + 1) };
            found = Some(match found {
                None => [x0, y0, x1, y1],
                Some(all) => [all[0].min(x0), all[1].min(y0), all[2].max(x1), all[3].max(y1)],
            });
        }
        start = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// From pycocotools 2.0: `mask.encode` of a 5 x 4 array with the rectangle `[1:4, 1:3]` set, and of others.
    #[test]
    fn as_pycocotools_writes_them() {
        for (text, runs) in [("63204", &[6, 3, 2, 3, 6][..]), ("d0", &[20]), ("0d0", &[0, 20]), ("", &[])] {
            assert_eq!(from_text(text), Ok(runs.to_vec()), "{text}");
            assert_eq!(to_text(runs), text);
        }
    }

    /// A pixel's middle goes where `turned` puts the pixel.
    #[test]
    fn as_python_shows_bytes() {
        assert_eq!(from_text("b'0hb0hb0'"), from_text("0hb0hb0"));
        assert_eq!(from_text(r"b'\\0'"), from_text(r"\0"));
        assert_eq!(from_text("b'0"), Err(RunsError::Character('\'', 1)));
    }

    #[test]
    fn masks_are_turned() {
        // A mask 3 wide and 2 high, one pixel set.
        for place in 0..6u32 {
            let runs = if place < 5 { vec![place, 1, 5 - place] } else { vec![5, 1] };
            let (x, y) = (place / 2, place % 2);
            for (orientation, stored) in [
                (1, (x, y)),
                (2, (2 - x, y)),
                (3, (2 - x, 1 - y)),
                (4, (x, 1 - y)),
                (5, (y, x)),
                (6, (y, 2 - x)),
                (7, (1 - y, 2 - x)),
                (8, (1 - y, x)),
            ] {
                let (width, height, turned) = turned(&runs, 3, 2, orientation);
                assert_eq!((width, height), if orientation >= 5 { (2, 3) } else { (3, 2) });
                assert_eq!((pixels(&turned), area(&turned)), (6, 1));
                let (x, y) = (u64::from(stored.0), u64::from(stored.1));
                assert_eq!(bounds(&turned, height), Some([x, y, x + 1, y + 1]), "{place} {orientation}");
            }
        }
    }

    #[test]
    fn masks_are_scaled_by_the_middle_of_their_pixels() {
        fn drawn(runs: &[u32]) -> Vec<bool> {
            runs.iter().enumerate().flat_map(|(place, run)| vec![place % 2 == 1; *run as usize]).collect()
        }
        let runs = [1, 4, 3, 2, 9, 1, 4];
        let (width, height) = (4usize, 6usize);
        let mask = drawn(&runs);
        for (to_width, to_height) in [(4usize, 6usize), (8, 12), (2, 3), (3, 5), (7, 1), (1, 9)] {
            let middle = |at: usize, from: usize, to: usize| (2 * at + 1) * from / (2 * to);
            let expected: Vec<bool> = (0..to_width * to_height)
                .map(|at| (middle(at / to_height, width, to_width), middle(at % to_height, height, to_height)))
                .map(|(x, y)| mask[x * height + y])
                .collect();
            let scaled = scaled(&runs, (4, 6), (to_width as u32, to_height as u32)).unwrap();
            assert_eq!(drawn(&scaled), expected, "{to_width} x {to_height}");
        }
        assert_eq!(scaled(&[0, 24], (4, 6), (2, 2)), Some(vec![0, 4]));
        assert_eq!(scaled(&[24], (4, 6), (2, 2)), Some(vec![4]));
        // Sizes that a file claims take no memory.
        let wide = u32::MAX;
        assert_eq!(scaled(&[0, wide], (wide, 1), (3, 1)), Some(vec![0, 3]));
        assert_eq!(scaled(&[wide - 1, 1], (1, wide), (1, 2)), Some(vec![2]));
        assert_eq!(scaled(&[0, 1], (1, 1), (wide, wide)), None);
    }

    #[test]
    fn sizes() {
        let runs = [6, 3, 2, 3, 6];
        assert_eq!((area(&runs), pixels(&runs), bounds(&runs, 5)), (6, 20, Some([1, 1, 3, 4])));
        assert_eq!(bounds(&[4, 2, 14], 5), Some([0, 0, 2, 5]));
        assert_eq!((bounds(&[20], 5), bounds(&[0, 20], 5), bounds(&[0, 1], 0)), (None, Some([0, 0, 4, 5]), None));
    }

    #[test]
    fn what_is_none() {
        assert_eq!(from_text("a b"), Err(RunsError::Character(' ', 1)));
        assert_eq!(from_text("1 "), Err(RunsError::Character(' ', 1)));
        assert_eq!(from_text("P"), Err(RunsError::Length(0)));
        assert_eq!(from_text("ooooooooo0"), Err(RunsError::Length(0)));
        assert_eq!((from_text("?"), from_text("@")), (Ok(vec![15]), Err(RunsError::Length(0))));
    }

    proptest! {
        #[test]
        fn what_is_left(pixels in prop::collection::vec(any::<(bool, bool)>(), 1..40)) {
            let runs = |set: &dyn Fn(&(bool, bool)) -> bool| {
                let mut runs = vec![0u32];
                for pixel in &pixels {
                    if set(pixel) == (runs.len() % 2 == 1) {
                        runs.push(0);
                    }
                    *runs.last_mut().unwrap() += 1;
                }
                runs
            };
            let left = without(&runs(&|pixel| pixel.0), &runs(&|pixel| pixel.1));
            prop_assert_eq!(left, runs(&|pixel| pixel.0 && !pixel.1));
        }

        #[test]
        fn text_and_back(runs in prop::collection::vec(prop_oneof![0u32..40, any::<u32>()], 0..50)) {
            prop_assert_eq!(from_text(&to_text(&runs)), Ok(runs));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = from_text(&text);
        }
    }
}
