//! Records to columns.

use std::sync::Arc;

use super::TableError;
use super::infer::{Piece, kind_of};
use super::model::{Batch, Column, Field, Values};
use super::types::Type;
use crate::example::Values as Feature;

/// The rows of a piece.
pub(super) fn decode(piece: &Piece, fields: &Arc<[Field]>) -> Result<Batch, TableError> {
    let mut columns: Vec<Column> = fields.iter().map(Column::new).collect();
    piece.each(|number, example| {
        for (column, field) in columns.iter_mut().zip(fields.iter()) {
            let refused =
                |problem: String| TableError::value(&piece.path, &field.source, piece.first + number as u64, problem);
            let is_there = match (example.context.get(&field.source), example.feature_lists.get(&field.source)) {
                (Some(values), _) if !matches!(values, Feature::Unset) => {
                    put(column, field, values).map_err(refused)?;
                    true
                }
                (_, Some(steps)) => {
                    for step in steps {
                        put(column, field, step).map_err(refused)?;
                        if field.depth == 2 {
                            end(column, 1);
                        }
                    }
                    true
                }
                _ => false,
            };
            end(column, 0);
            match &mut column.present {
                Some(present) => present.push(is_there),
                None if is_there => {}
                none => {
                    let mut present = vec![true; number];
                    present.push(false);
                    *none = Some(present);
                }
            }
        }
        Ok(())
    })?;
    for (column, field) in columns.iter().zip(fields.iter()) {
        column.check_range(field.ty).map_err(|refusal| {
            TableError::value(&piece.path, &field.source, piece.first + refusal.row as u64, refusal.problem)
        })?;
    }
    Ok(Batch { fields: Arc::clone(fields), columns, rows: piece.len(), first_row: piece.first })
}

/// Ends a list of that level.
fn end(column: &mut Column, level: usize) {
    let below = match column.splits.get(level + 1) {
        Some(inner) => inner.len() - 1,
        None => column.values.len(),
    };
    if let Some(splits) = column.splits.get_mut(level) {
        splits.push(below as i64);
    }
}

fn put(column: &mut Column, field: &Field, values: &Feature<'_>) -> Result<(), String> {
    let changed = || "is not what it was when the file was read first".to_owned();
    if field.depth == 0 && values.len() != 1 {
        return Err(changed());
    }
    match (&mut column.values, values) {
        (Values::Int64(all), Feature::Int64(list)) => all.extend(list.iter()),
        (Values::Float(all), Feature::Float(list)) => all.extend(list.iter()),
        (Values::Bytes(all), Feature::Bytes(list)) => {
            for value in list.iter() {
                if field.ty == Type::Text && std::str::from_utf8(value).is_err() {
                    return Err("no UTF-8; it can be written as binary".into());
                }
                all.push(value);
            }
        }
        _ if kind_of(values).is_none() => {}
        _ => return Err(changed()),
    }
    Ok(())
}
