//! Columns: many strings in one arena, and values that few rows have.

/// Many strings in one piece of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    text: String,
    ends: Vec<u64>,
}

impl Strings {
    /// Number of strings.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no string.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a string and gives its place.
    pub fn push(&mut self, value: &str) -> usize {
        self.text.push_str(value);
        self.ends.push(self.text.len() as u64);
        self.ends.len() - 1
    }

    /// The string at `index`, which must be below [`Strings::len`].
    pub fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.text[start..self.ends[index] as usize]
    }

    /// All of them in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }
}

/// A column that few rows have a value in: pairs of row and value, sorted by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse<T> {
    rows: Vec<u64>,
    values: Vec<T>,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), values: Vec::new() }
    }
}

impl<T> Sparse<T> {
    /// Whether no row has a value.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Sets the value of `row`, which must lie behind all rows set before.
    pub fn set(&mut self, row: usize, value: T) {
        debug_assert!(self.rows.last().is_none_or(|last| *last < row as u64));
        self.rows.push(row as u64);
        self.values.push(value);
    }

    /// Sets the value of `row`, if there is one; see [`Sparse::set`].
    pub fn extend(&mut self, row: usize, value: Option<T>) {
        if let Some(value) = value {
            self.set(row, value);
        }
    }

    /// Adds all of `other`, whose row 0 becomes row `start`.
    pub fn append(&mut self, start: usize, other: Self) {
        self.rows.extend(other.rows.into_iter().map(|row| row + start as u64));
        self.values.extend(other.values);
    }

    /// The column with the value of row `i` in row `place[i]`, or left out. The places given are all below `len`, each once.
    #[must_use]
    pub fn moved(self, place: &[Option<u32>], len: usize) -> Self {
        let of_row = |row: u64| place.get(row as usize).copied().flatten();
        let pairs = self.rows.into_iter().zip(self.values).filter_map(|(row, value)| Some((of_row(row)?, value)));
        // Where most rows have a value, a slot for each row costs less than sorting.
        if pairs.size_hint().1.is_some_and(|values| values > len / 4) {
            let mut slots: Vec<Option<T>> = std::iter::repeat_with(|| None).take(len).collect();
            for (row, value) in pairs {
                if let Some(slot) = slots.get_mut(row as usize) {
                    *slot = Some(value);
                }
            }
            let (rows, values) = (0..).zip(slots).filter_map(|(row, value)| Some((row, value?))).unzip();
            return Self { rows, values };
        }
        let mut pairs: Vec<(u32, T)> = pairs.collect();
        pairs.sort_unstable_by_key(|(row, _)| *row);
        let (rows, values) = pairs.into_iter().map(|(row, value)| (u64::from(row), value)).unzip();
        Self { rows, values }
    }

    /// All values, in the order of their rows.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.values.iter_mut()
    }

    /// The value of `row`.
    pub fn get(&self, row: usize) -> Option<&T> {
        self.rows.binary_search(&(row as u64)).ok().map(|index| &self.values[index])
    }

    /// All rows that have a value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.rows.iter().map(|row| *row as usize).zip(&self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_keep_empty_ones() {
        let mut strings = Strings::default();
        for value in ["a", "", "ü"] {
            strings.push(value);
        }
        assert_eq!(strings.iter().collect::<Vec<_>>(), ["a", "", "ü"]);
    }

    #[test]
    fn sparse_finds_its_rows() {
        let mut sparse = Sparse::default();
        sparse.set(2, 'x');
        sparse.set(7, 'y');
        assert_eq!((sparse.get(2), sparse.get(3), sparse.get(7)), (Some(&'x'), None, Some(&'y')));
        let mut place = vec![None; 8];
        (place[2], place[7]) = (Some(5), Some(1));
        let mut moved = sparse.clone().moved(&place, 8);
        assert_eq!(moved, sparse.clone().moved(&place, 100));
        assert_eq!(moved.iter().collect::<Vec<_>>(), [(1, &'y'), (5, &'x')]);
        moved.append(6, sparse);
        assert_eq!(moved.iter().map(|(row, _)| row).collect::<Vec<_>>(), [1, 5, 8, 13]);
    }
}
