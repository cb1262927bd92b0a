//! Outlines of objects: all points of a dataset in one arena.
//!
//! ```text
//! hundredths  [x, y] [x, y] ...   32-bit whole numbers, of parts whose every coordinate has two digits behind the point
//! exact       [x, y] [x, y] ...   64-bit float, of the other parts
//! parts       start of each part in its arena, its length, and which arena it is
//! spans       row, first part, number of parts; sorted by row
//! ```
//!
//! Most tools write two digits, and a train set of COCO's size then needs half the memory. A part goes into `hundredths` only
//! where it comes back to the bit. Parts lie in the order in which they were read, which need not be that of the rows: rows
//! are sorted without moving a point.

/// Outlines by row, for rows that have one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Polygons {
    hundredths: Vec<[i32; 2]>,
    exact: Vec<[f64; 2]>,
    parts: Vec<Part>,
    spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    /// Its first point.
    start: u64,
    /// Number of points.
    len: u32,
    /// In which arena they are.
    exact: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    row: u32,
    parts: u32,
    first: u32,
}

/// The outline of one object: its parts.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'a> {
    polygons: &'a Polygons,
    span: Span,
}

impl Polygons {
    /// Whether no row has an outline.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Adds a part to the outline of `row`, which must be the last row set or lie behind it.
    pub fn push_part(&mut self, row: usize, points: impl Iterator<Item = [f64; 2]> + Clone) {
        let start = self.hundredths.len();
        let mut points_left = points.clone();
        let fits = points_left.all(|[x, y]| match (hundredths(x), hundredths(y)) {
            (Some(x), Some(y)) => {
                self.hundredths.push([x, y]);
                true
            }
            _ => false,
        });
        let part = if fits {
            Part { start: start as u64, len: (self.hundredths.len() - start) as u32, exact: false }
        } else {
            self.hundredths.truncate(start);
            let start = self.exact.len();
            self.exact.extend(points);
            Part { start: start as u64, len: (self.exact.len() - start) as u32, exact: true }
        };
        let (row, place) = (row as u32, self.parts.len() as u32);
        self.parts.push(part);
        debug_assert!(self.spans.last().is_none_or(|last| last.row <= row));
        match self.spans.last_mut().filter(|last| last.row == row) {
            Some(last) => last.parts += 1,
            None => self.spans.push(Span { row, parts: 1, first: place }),
        }
    }

    /// The outline of `row`.
    pub fn get(&self, row: usize) -> Option<Outline<'_>> {
        let place = self.spans.binary_search_by_key(&(row as u64), |span| u64::from(span.row)).ok()?;
        Some(Outline { polygons: self, span: self.spans[place] })
    }

    /// All rows that have an outline, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Outline<'_>)> {
        self.spans.iter().map(|span| (span.row as usize, Outline { polygons: self, span: *span }))
    }

    /// Adds all of `other`, whose row 0 becomes row `start`.
    pub fn append(&mut self, start: usize, other: Self) {
        let (hundredths, exact) = (self.hundredths.len() as u64, self.exact.len() as u64);
        let parts = self.parts.len() as u32;
        self.hundredths.extend(other.hundredths);
        self.exact.extend(other.exact);
        let moved = |part: Part| Part { start: part.start + if part.exact { exact } else { hundredths }, ..part };
        self.parts.extend(other.parts.into_iter().map(moved));
        let moved = |span: Span| Span { row: span.row + start as u32, first: span.first + parts, ..span };
        self.spans.extend(other.spans.into_iter().map(moved));
    }

    /// The outlines with that of row `i` in row `place[i]`, or left out.
    #[must_use]
    pub fn moved(mut self, place: &[Option<u32>]) -> Self {
        self.spans.retain_mut(|span| match place.get(span.row as usize).copied().flatten() {
            Some(row) => {
                span.row = row;
                true
            }
            None => false,
        });
        self.spans.sort_unstable_by_key(|span| span.row);
        self
    }

    fn points(&self, part: Part) -> impl ExactSizeIterator<Item = [f64; 2]> + Clone {
        let start = part.start as usize;
        (start..start + part.len as usize).map(move |place| match part.exact {
            true => self.exact[place],
            false => self.hundredths[place].map(|number| f64::from(number) / 100.0),
        })
    }
}

/// A number in hundredths, if it is one of them to the bit: `number / 100.0` is then what a decimal of two digits is read as,
/// because a division rounds to the nearest value as reading does.
fn hundredths(value: f64) -> Option<i32> {
    let number = (value * 100.0).round();
    // -0.0 would lose its sign.
    let same = number.abs() < f64::from(i32::MAX) && (number / 100.0).to_bits() == value.to_bits();
    same.then_some(number as i32).filter(|number| *number != 0 || value.is_sign_positive())
}

impl<'a> Outline<'a> {
    /// Points `[x, y]` of each part.
    pub fn parts(self) -> impl ExactSizeIterator<Item = impl ExactSizeIterator<Item = [f64; 2]> + Clone + 'a> {
        let Self { polygons, span } = self;
        let first = span.first as usize;
        (first..first + span.parts as usize).map(move |part| polygons.points(polygons.parts[part]))
    }

    /// A copy of the points of each part.
    pub fn to_vec(self) -> Vec<Vec<[f64; 2]>> {
        self.parts().map(Iterator::collect).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(polygons: &Polygons, row: usize) -> Option<Vec<Vec<[f64; 2]>>> {
        polygons.get(row).map(Outline::to_vec)
    }

    #[test]
    fn rows_move_and_points_stay() {
        let mut polygons = Polygons::default();
        polygons.push_part(1, [[0.0, 1.0], [2.0, 3.0]].into_iter());
        polygons.push_part(1, [].into_iter());
        polygons.push_part(3, [[4.0, 1.0 / 3.0]].into_iter());
        assert_eq!((polygons.iter().count(), polygons.is_empty()), (2, false));
        assert_eq!(outline(&polygons, 1), Some(vec![vec![[0.0, 1.0], [2.0, 3.0]], vec![]]));
        assert_eq!((outline(&polygons, 0), outline(&polygons, 4)), (None, None));
        let mut moved = polygons.clone().moved(&[None, Some(7), None, Some(2), None]);
        assert_eq!(
            moved.iter().map(|(row, outline)| (row, outline.parts().len())).collect::<Vec<_>>(),
            [(2, 1), (7, 2)]
        );
        moved.append(8, polygons);
        assert_eq!(outline(&moved, 11), Some(vec![vec![[4.0, 1.0 / 3.0]]]));
        assert_eq!(outline(&moved, 9), Some(vec![vec![[0.0, 1.0], [2.0, 3.0]], vec![]]));
        assert_eq!(outline(&moved, 7), Some(vec![vec![[0.0, 1.0], [2.0, 3.0]], vec![]]));
    }

    #[test]
    fn two_digits_come_back_to_the_bit() {
        for whole in [0, 1, 9, 239, 4095, 21_474_835] {
            for part in 0..100 {
                for sign in ["", "-"] {
                    let value: f64 = format!("{sign}{whole}.{part:02}").parse().unwrap();
                    let mut polygons = Polygons::default();
                    polygons.push_part(0, [[value, 1.0]].into_iter());
                    assert_eq!(polygons.exact.is_empty(), value != 0.0 || value.is_sign_positive(), "{value}");
                    assert_eq!(outline(&polygons, 0).unwrap()[0][0][0].to_bits(), value.to_bits());
                }
            }
        }
        for value in [0.001, 1e300, f64::NAN, f64::INFINITY, 21_474_837.0, 0.1 + 0.2] {
            assert_eq!(hundredths(value), None, "{value}");
        }
    }
}
