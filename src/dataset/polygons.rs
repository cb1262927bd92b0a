//! Outlines of objects: all points of a dataset in one arena.
//!
//! ```text
//! points   [x, y] [x, y] [x, y] [x, y] ...
//! parts    end of each part in `points`
//! spans    row, first part, number of parts; sorted by row
//! ```
//!
//! Parts lie in the order in which they were read, which need not be that of the rows: rows are sorted without moving a
//! point.

/// Outlines by row, for rows that have one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Polygons {
    points: Vec<[f64; 2]>,
    part_ends: Vec<u64>,
    spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    row: u32,
    parts: u32,
    first: u64,
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

    /// Number of rows that have one.
    pub fn count(&self) -> usize {
        self.spans.len()
    }

    /// Sets the outline of `row`, which must lie behind all rows set before; nothing where there is no part.
    pub fn push<P: AsRef<[[f64; 2]]>>(&mut self, row: usize, parts: impl IntoIterator<Item = P>) {
        for part in parts {
            self.push_part(row, part.as_ref().iter().copied());
        }
    }

    /// Adds a part to the outline of `row`, which must be the last row set or lie behind it.
    pub fn push_part(&mut self, row: usize, points: impl IntoIterator<Item = [f64; 2]>) {
        self.points.extend(points);
        self.part_ends.push(self.points.len() as u64);
        let row = row as u32;
        debug_assert!(self.spans.last().is_none_or(|last| last.row <= row));
        match self.spans.last_mut().filter(|last| last.row == row) {
            Some(last) => last.parts += 1,
            None => self.spans.push(Span { row, parts: 1, first: self.part_ends.len() as u64 - 1 }),
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
        let (points, parts) = (self.points.len() as u64, self.part_ends.len() as u64);
        self.points.extend(other.points);
        self.part_ends.extend(other.part_ends.into_iter().map(|end| end + points));
        self.spans.extend(other.spans.into_iter().map(|span| Span {
            row: span.row + start as u32,
            first: span.first + parts,
            ..span
        }));
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
}

impl<'a> Outline<'a> {
    /// Points `[x, y]` of each part.
    pub fn parts(self) -> impl ExactSizeIterator<Item = &'a [[f64; 2]]> {
        let Self { polygons, span } = self;
        let end = |part: usize| polygons.part_ends[part] as usize;
        let first = span.first as usize;
        (first..first + span.parts as usize)
            .map(move |part| &polygons.points[part.checked_sub(1).map_or(0, end)..end(part)])
    }

    /// A copy of the points of each part.
    pub fn to_vec(self) -> Vec<Vec<[f64; 2]>> {
        self.parts().map(<[_]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_move_and_points_stay() {
        let mut polygons = Polygons::default();
        polygons.push(1, [vec![[0.0, 1.0], [2.0, 3.0]], vec![]]);
        polygons.push(3, [[[4.0, 5.0]]]);
        polygons.push(4, Vec::<Vec<[f64; 2]>>::new());
        assert_eq!((polygons.count(), polygons.is_empty()), (2, false));
        let outline = |polygons: &Polygons, row| polygons.get(row).map(Outline::to_vec);
        assert_eq!(outline(&polygons, 1), Some(vec![vec![[0.0, 1.0], [2.0, 3.0]], vec![]]));
        assert_eq!((outline(&polygons, 0), outline(&polygons, 4)), (None, None));
        let mut moved = polygons.clone().moved(&[None, Some(7), None, Some(2), None]);
        assert_eq!(
            moved.iter().map(|(row, outline)| (row, outline.parts().len())).collect::<Vec<_>>(),
            [(2, 1), (7, 2)]
        );
        moved.append(8, polygons);
        assert_eq!(outline(&moved, 11), Some(vec![vec![[4.0, 5.0]]]));
        assert_eq!(outline(&moved, 7), Some(vec![vec![[0.0, 1.0], [2.0, 3.0]], vec![]]));
    }
}
