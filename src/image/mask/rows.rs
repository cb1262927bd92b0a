//! Masks row by row, without a picture of their pixels.
//!
//! Idea: runs go down the columns. Where a column differs from the one to its left, its rows change there; so the rows between
//! where either of two columns changes and the other does not have one more change each. What it takes is a pass over the runs
//! and one over the changes of the rows, of which a mask has about as many as there are pixels along its outline.

use super::{MaskError, PIXELS, pixels_of};
use crate::image::runs::{pixels, ranges};

/// A mask by its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    width: u32,
    /// Where the changes of each row start, and where the last one's end.
    starts: Vec<u32>,
    /// Columns from which on a row is 1 and 0 in turn.
    changes: Vec<u32>,
}

impl Rows {
    /// The rows of a mask of this size, which has at most [`PIXELS`].
    pub fn new(runs: &[u32], size @ [width, height]: [u32; 2]) -> Result<Self, MaskError> {
        let (has, wanted) = (pixels(runs), pixels_of(size, PIXELS)?);
        if has != wanted {
            return Err(MaskError::Pixels(has, wanted));
        }
        let mut columns = Columns { starts: vec![0; height as usize + 1], ..Columns::default() };
        let mut column = 0u64;
        let height = u64::from(height);
        for [start, end] in ranges(runs) {
            let mut start = start;
            while start < end {
                if start >= (column + 1) * height {
                    columns.next(column as u32);
                    // Two columns of zeros later all others are.
                    column = if columns.is_blank() { start / height } else { column + 1 };
                    continue;
                }
                let below = end.min((column + 1) * height);
                columns.set((start - column * height) as u32, (below - column * height) as u32);
                start = below;
            }
        }
        columns.next(column as u32);
        if column + 1 < u64::from(width) {
            columns.next(column as u32 + 1);
        }
        Ok(columns.rows(width))
    }

    /// Each run of 1 from above and from the left: row, first column, column behind it.
    pub fn each(&self, mut take: impl FnMut(u32, u32, u32)) {
        for (row, changes) in self.changes().enumerate() {
            self.runs(changes).for_each(|[from, to]| take(row as u32, from, to));
        }
    }

    /// The columns where each row changes, from the first row on.
    pub fn changes(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| self.changes.get(ends[0] as usize..ends[1] as usize).unwrap_or_default())
    }

    /// The runs of 1 of a row that changes in these columns: first column, column behind it.
    pub fn runs<'c>(&self, changes: &'c [u32]) -> impl Iterator<Item = [u32; 2]> + Clone + use<'c> {
        let width = self.width;
        changes.chunks(2).map(move |run| [run[0], run.get(1).copied().unwrap_or(width)])
    }
}

/// Two columns beside each other, and the changes from one to the next that were found.
#[derive(Default)]
struct Columns {
    /// Rows where the column to the left changes, and where this one does.
    left: Vec<u32>,
    here: Vec<u32>,
    /// How many changes a row has more than the one above.
    starts: Vec<u32>,
    /// A column, and rows which change there.
    changed: Vec<(u32, [u32; 2])>,
}

impl Columns {
    fn set(&mut self, from: u32, to: u32) {
        match self.here.last_mut() {
            Some(end) if *end == from => *end = to,
            _ => self.here.extend([from, to]),
        }
    }

    fn is_blank(&self) -> bool {
        self.left.is_empty()
    }

    /// Compares the column with the one to its left, which it becomes.
    fn next(&mut self, column: u32) {
        let (mut left, mut here) = (self.left.iter().copied().peekable(), self.here.iter().copied().peekable());
        let mut from = None;
        loop {
            let row = match (left.peek(), here.peek()) {
                (Some(a), Some(b)) if a == b => {
                    left.next();
                    here.next();
                    continue;
                }
                (Some(a), b) if b.is_none_or(|b| a < b) => left.next(),
                _ => here.next(),
            };
            let Some(row) = row else { break };
            match from.take() {
                None => from = Some(row),
                Some(from) => {
                    self.changed.push((column, [from, row]));
                    for (row, by) in [(from, 1), (row, u32::MAX)] {
                        if let Some(count) = self.starts.get_mut(row as usize) {
                            *count = count.wrapping_add(by);
                        }
                    }
                }
            }
        }
        std::mem::swap(&mut self.left, &mut self.here);
        self.here.clear();
    }

    fn rows(self, width: u32) -> Rows {
        let (mut starts, mut count, mut sum) = (self.starts, 0u32, 0u32);
        for start in &mut starts {
            count = count.wrapping_add(*start);
            *start = sum;
            sum = sum.wrapping_add(count);
        }
        let mut changes = vec![0; sum as usize];
        let mut next = starts.clone();
        for (column, [from, to]) in self.changed {
            for next in &mut next[from as usize..to as usize] {
                changes[*next as usize] = column;
                *next += 1;
            }
        }
        Rows { width, starts, changes }
    }
}

/// The runs along the rows of the image, one after the other, of runs down its columns. Of a mask whose width and height are
/// swapped it is the way back.
pub fn transposed(runs: &[u32], size: [u32; 2]) -> Result<Vec<u32>, MaskError> {
    let rows = Rows::new(runs, size)?;
    let mut transposed: Vec<u32> = Vec::with_capacity(rows.changes.len() + 2);
    let (width, pixels) = (size[0], size[0] * size[1]);
    let mut last = 0;
    rows.each(|row, from, to| {
        let [from, to] = [row * width + from, row * width + to];
        match transposed.last_mut() {
            Some(run) if from == last => *run += to - from,
            _ => transposed.extend([from - last, to - from]),
        }
        last = to;
    });
    transposed.extend((last < pixels).then_some(pixels - last));
    Ok(transposed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_of_a_mask() {
        // 4 columns of 3: `.1.1`, `.111`, `1...`
        let runs = [2, 3, 2, 1, 1, 2, 1];
        let rows = Rows::new(&runs, [4, 3]).unwrap();
        let mut found = Vec::new();
        rows.each(|row, from, to| found.push([row, from, to]));
        assert_eq!(found, [[0, 1, 2], [0, 3, 4], [1, 1, 4], [2, 0, 1]]);
        // The end of a row and the start of the next are one run.
        assert_eq!(transposed(&runs, [4, 3]), Ok(vec![1, 1, 1, 1, 1, 4, 3]));
        for all in [&[12][..], &[0, 12], &[0, 5, 0, 7]] {
            assert_eq!(transposed(all, [4, 3]).map(|runs| runs.len()), Ok(all.len().min(2)));
        }
        assert_eq!(transposed(&[0, 0, 12], [4, 3]), Ok(vec![12]));
        assert_eq!(Rows::new(&runs, [4, 4]), Err(MaskError::Pixels(12, 16)));
        assert_eq!(Rows::new(&[0], [0, 4]), Err(MaskError::Size(0, 4)));
        assert_eq!(Rows::new(&[1 << 28], [1 << 14, 1 << 14]), Err(MaskError::Size(1 << 14, 1 << 14)));
    }

    proptest! {
        #[test]
        fn there_and_back(pixels in prop::collection::vec(any::<bool>(), 1..300), height in 1usize..20) {
            let width = pixels.len() / height;
            prop_assume!(width > 0);
            let runs = |value: &dyn Fn(usize) -> bool| {
                let mut runs = vec![0u32];
                for place in 0..width * height {
                    if value(place) == (runs.len() % 2 == 1) {
                        runs.push(0);
                    }
                    *runs.last_mut().unwrap() += 1;
                }
                runs
            };
            let columns = runs(&|place| pixels[place]);
            let rows = runs(&|place| pixels[place % width * height + place / width]);
            let size = [width as u32, height as u32];
            prop_assert_eq!(&transposed(&columns, size).unwrap(), &rows);
            prop_assert_eq!(transposed(&rows, [size[1], size[0]]).unwrap(), columns);
        }
    }
}
