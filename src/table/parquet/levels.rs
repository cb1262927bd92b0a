//! Levels to rows, and rows to levels.
//!
//! A repetition level says which list goes on (0: a new row), a definition level how much of the value's path is there.
//! There is one of both for each slot, and a value for those slots alone where it is there.

use super::schema::Leaf;
use crate::table::error::Refusal;
use crate::table::model::Column;

/// Spreads slots over `rows` rows; `push` adds the next value to the column. The levels are of so many rows.
pub(super) fn assemble(
    leaf: &Leaf,
    rows: usize,
    definition: &[i16],
    repetition: &[i16],
    column: &mut Column,
    mut push: impl FnMut(&mut Column) -> Result<(), String>,
) -> Result<(), Refusal> {
    if leaf.value == 0 {
        return (0..rows).try_for_each(|row| push(column).map_err(|problem| Refusal::new(row, problem)));
    }
    let (mut present, mut row, mut is_open) = (Vec::new(), 0, false);
    for (slot, level) in definition.iter().copied().enumerate() {
        let list = repetition.get(slot).copied().unwrap_or(0);
        if slot > 0 && list <= 1 {
            end_inner(column, &mut is_open);
        }
        if slot > 0 && list == 0 {
            end_row(column);
            row += 1;
        }
        let refused = |problem: String| Refusal::new(row, problem);
        let (is_there, has_value) = match leaf.lists.as_slice() {
            [] => (level >= leaf.value, level >= leaf.value),
            [outer, ..] if level < outer.element => (level >= outer.there, false),
            [_, inner] if (inner.there..inner.element).contains(&level) => {
                is_open = true;
                (true, false)
            }
            _ if level < leaf.value => return Err(refused("null in a list, which has no place for it".into())),
            inner => {
                is_open = inner.len() == 2;
                (true, true)
            }
        };
        if slot == 0 || list == 0 {
            present.push(is_there);
        }
        if has_value {
            push(column).map_err(refused)?;
        }
    }
    if rows > 0 {
        end_inner(column, &mut is_open);
        end_row(column);
    }
    if present.iter().any(|present| !present) {
        column.present = Some(present);
    }
    Ok(())
}

fn end_inner(column: &mut Column, is_open: &mut bool) {
    let values = column.values.len() as i64;
    if let (true, Some(inner)) = (std::mem::take(is_open), column.splits.get_mut(1)) {
        inner.push(values);
    }
}

fn end_row(column: &mut Column) {
    let below = match column.splits.get(1) {
        Some(inner) => inner.len() - 1,
        None => column.values.len(),
    };
    if let Some(splits) = column.splits.first_mut() {
        splits.push(below as i64);
    }
}

/// The levels of a column as `ParquetWriter` has it: every list and every value but those within lists may be missing.
/// Lists are there at 1 (and always inner ones at 2), have an element from there on one more.
pub(super) fn levels(column: &Column, definition: &mut Vec<i16>, repetition: &mut Vec<i16>) {
    let mut slot = |level: i16, list: i16| {
        definition.push(level);
        repetition.push(list);
    };
    for row in 0..column.rows() {
        if !column.is_present(row) {
            slot(0, 0);
            continue;
        }
        let Some(outer) = column.splits.first() else {
            slot(1, 0);
            continue;
        };
        let range = outer[row]..outer[row + 1];
        if range.is_empty() {
            slot(1, 0);
        }
        for item in range.clone() {
            let list = i16::from(item > range.start);
            let Some(inner) = column.splits.get(1) else {
                slot(2, list);
                continue;
            };
            let values = inner[item as usize + 1] - inner[item as usize];
            if values == 0 {
                slot(2, list);
            }
            (0..values).for_each(|value| slot(3, if value == 0 { list } else { 2 }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::ListLevels;
    use super::*;
    use crate::table::columnar::Typed;
    use crate::table::model::{Field, Values};
    use crate::table::types::{Kind, Type};

    fn leaf(lists: Vec<ListLevels>, value: i16) -> Leaf {
        let typed = Typed { name: "x".into(), depth: lists.len() as u8, ty: Ok(Type::Int64) };
        Leaf { typed, lists, value }
    }

    fn column(leaf: &Leaf, rows: usize, definition: &[i16], repetition: &[i16]) -> Result<Column, Refusal> {
        let (source, name) = (String::new(), String::new());
        let mut column = Column::new(&Field::new(&source, name, Type::Int64, Kind::Int64, leaf.typed.depth));
        let mut next = 0;
        let push = |column: &mut Column| {
            next += 1;
            column.push_int(next);
            Ok(())
        };
        assemble(leaf, rows, definition, repetition, &mut column, push).map(|()| column)
    }

    const ONE: ListLevels = ListLevels { there: 1, element: 2 };

    /// The example of the format's own documentation for lists: null, [], [1], [2, 3], and a list with a null.
    #[test]
    fn lists() {
        let leaf = leaf(vec![ONE], 3);
        let found = column(&leaf, 4, &[0, 1, 3, 3, 3], &[0, 0, 0, 0, 1]).expect("rows");
        assert_eq!(found.splits, [[0, 0, 0, 1, 3]]);
        assert_eq!(found.present, Some(vec![false, true, true, true]));
        assert_eq!(found.values, Values::Int64(vec![1, 2, 3]));
        let refusal = column(&leaf, 2, &[3, 3, 2], &[0, 0, 1]).expect_err("null");
        assert_eq!(refusal, Refusal::new(1, "null in a list, which has no place for it"));
    }

    /// [[1, 2], []], [], null, [[3]]
    #[test]
    fn lists_of_lists() {
        let leaf = leaf(vec![ONE, ListLevels { there: 2, element: 3 }], 3);
        let (definition, repetition) = ([3, 3, 2, 1, 0, 3], [0, 2, 1, 0, 0, 0]);
        let found = column(&leaf, 4, &definition, &repetition).expect("rows");
        assert_eq!(found.splits, [vec![0, 2, 2, 2, 3], vec![0, 2, 2, 3]]);
        assert_eq!(found.present, Some(vec![true, true, false, true]));
        let (mut back, mut back_repetition) = (Vec::new(), Vec::new());
        levels(&found, &mut back, &mut back_repetition);
        assert_eq!((back.as_slice(), back_repetition.as_slice()), (&definition[..], &repetition[..]));
    }

    #[test]
    fn values_that_may_be_missing() {
        let found = column(&leaf(vec![], 1), 3, &[1, 0, 1], &[]).expect("rows");
        assert_eq!(found.present, Some(vec![true, false, true]));
        assert_eq!(found.values, Values::Int64(vec![1, 2]));
        let found = column(&leaf(vec![], 0), 2, &[], &[]).expect("rows");
        assert_eq!((found.present, found.values), (None, Values::Int64(vec![1, 2])));
    }
}
