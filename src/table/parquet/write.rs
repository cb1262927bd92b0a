//! Rows to a Parquet file. Rows are kept until they make a row group, then written column by column.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type as Node, TypePtr};

use super::levels::levels;
use crate::table::TableError;
use crate::table::model::{Batch, Column, Field, Values};
use crate::table::types::{Kind, Type, Unit};

/// Rows and bytes of values of a row group.
const GROUP_ROWS: usize = 1 << 20;
const GROUP_BYTES: usize = 64 << 20;

/// Writes a file.
pub(in crate::table) struct ParquetWriter<W: Write + Send> {
    path: PathBuf,
    writer: SerializedFileWriter<W>,
    fields: Arc<[Field]>,
    kept: Vec<Batch>,
    rows: usize,
    bytes: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    pub(in crate::table) fn new(path: &Path, out: W, fields: &Arc<[Field]>) -> Result<Self, TableError> {
        let refused = |error| failed(path, error);
        let columns = fields.iter().map(|field| node(field).map(Arc::new)).collect::<Result<Vec<_>, _>>();
        let columns = columns.map_err(refused)?;
        let schema = Node::group_type_builder("schema").with_fields(columns).build().map_err(refused)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("recordmill version {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties)).map_err(refused)?;
        Ok(Self { path: path.to_owned(), writer, fields: Arc::clone(fields), kept: Vec::new(), rows: 0, bytes: 0 })
    }

    pub(in crate::table) fn write(&mut self, batch: Batch) -> Result<(), TableError> {
        self.rows += batch.rows;
        self.bytes += batch.columns.iter().map(|column| column.values.bytes()).sum::<usize>();
        self.kept.push(batch);
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES { self.group() } else { Ok(()) }
    }

    fn group(&mut self) -> Result<(), TableError> {
        let batches = std::mem::take(&mut self.kept);
        (self.rows, self.bytes) = (0, 0);
        let Self { path, writer, fields, .. } = self;
        let mut write = || {
            let mut group = writer.next_row_group()?;
            for (place, field) in fields.iter().enumerate() {
                let Some(mut column) = group.next_column()? else { break };
                for batch in &batches {
                    if let Some(values) = batch.columns.get(place) {
                        put(&mut column, field, values)?;
                    }
                }
                column.close()?;
            }
            group.close().map(drop)
        };
        write().map_err(|error| failed(path, error))
    }

    /// Writes what is left.
    pub(in crate::table) fn finish(mut self) -> Result<(PathBuf, W), TableError> {
        if !self.kept.is_empty() {
            self.group()?;
        }
        let Self { path, writer, .. } = self;
        match writer.into_inner() {
            Ok(out) => Ok((path, out)),
            Err(error) => Err(failed(&path, error)),
        }
    }
}

fn failed(path: &Path, error: ParquetError) -> TableError {
    match error {
        ParquetError::External(error) => match error.downcast::<std::io::Error>() {
            Ok(error) => TableError::io("cannot be written", path)(*error),
            Err(error) => TableError::malformed(path, error),
        },
        error => TableError::malformed(path, error),
    }
}

/// `optional <type> name`, or a list as the format's specification has it.
fn node(field: &Field) -> Result<Node, ParquetError> {
    let name = if field.depth > 0 { "element" } else { &field.name };
    let repetition = if field.depth > 0 { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    let (physical, logical) = physical(field.ty);
    let mut node = Node::primitive_type_builder(name, physical).with_repetition(repetition);
    if let Some(logical) = logical {
        node = node.with_logical_type(Some(logical));
    }
    let mut node = node.build()?;
    for level in (0..field.depth).rev() {
        let list = Node::group_type_builder("list").with_repetition(Repetition::REPEATED);
        let list: TypePtr = Arc::new(list.with_fields(vec![Arc::new(node)]).build()?);
        let (name, repetition) = match level {
            0 => (field.name.as_str(), Repetition::OPTIONAL),
            _ => ("element", Repetition::REQUIRED),
        };
        node = Node::group_type_builder(name)
            .with_repetition(repetition)
            .with_logical_type(Some(LogicalType::List))
            .with_fields(vec![list])
            .build()?;
    }
    Ok(node)
}

fn unit(unit: Unit) -> TimeUnit {
    match unit {
        Unit::Second | Unit::Milli => TimeUnit::MILLIS,
        Unit::Micro => TimeUnit::MICROS,
        Unit::Nano => TimeUnit::NANOS,
    }
}

fn physical(ty: Type) -> (Physical, Option<LogicalType>) {
    let int = |bits, signed| Some(LogicalType::integer(bits, signed));
    match ty {
        Type::Bool => (Physical::BOOLEAN, None),
        Type::Int8 => (Physical::INT32, int(8, true)),
        Type::Int16 => (Physical::INT32, int(16, true)),
        Type::Int32 => (Physical::INT32, None),
        Type::UInt8 => (Physical::INT32, int(8, false)),
        Type::UInt16 => (Physical::INT32, int(16, false)),
        Type::UInt32 => (Physical::INT32, int(32, false)),
        Type::UInt64 => (Physical::INT64, int(64, false)),
        Type::Date => (Physical::INT32, Some(LogicalType::Date)),
        Type::Time(time @ (Unit::Second | Unit::Milli)) => {
            (Physical::INT32, Some(LogicalType::time(false, unit(time))))
        }
        Type::Time(time) => (Physical::INT64, Some(LogicalType::time(false, unit(time)))),
        Type::Timestamp(time, utc) => (Physical::INT64, Some(LogicalType::timestamp(utc, unit(time)))),
        Type::Int64 | Type::Duration(_) | Type::Decimal(..) => (Physical::INT64, None),
        Type::Float16 | Type::Float32 => (Physical::FLOAT, None),
        Type::Float64 => (Physical::DOUBLE, None),
        Type::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Type::Binary | Type::Base64 => (Physical::BYTE_ARRAY, None),
    }
}

/// Why the format has no such column.
pub(in crate::table) fn refuses(field: &Field) -> Option<String> {
    let is_known = !matches!(
        field.ty,
        Type::Time(Unit::Second)
            | Type::Timestamp(Unit::Second, _)
            | Type::Duration(_)
            | Type::Decimal(..)
            | Type::Float16
            | Type::Base64
    );
    debug_assert!(field.ty.kind() != Some(Kind::Bytes) || matches!(field.ty, Type::Text | Type::Binary | Type::Base64));
    (!is_known).then(|| format!("Parquet has no {}", field.ty))
}

fn put(writer: &mut SerializedColumnWriter<'_>, field: &Field, column: &Column) -> Result<(), ParquetError> {
    let (mut definition, mut repetition) = (Vec::new(), Vec::new());
    levels(column, &mut definition, &mut repetition);
    let levels = (definition.as_slice(), (field.depth > 0).then_some(repetition.as_slice()));
    match (&column.values, physical(field.ty).0) {
        (Values::Int64(values), Physical::BOOLEAN) => {
            let values: Vec<bool> = values.iter().map(|value| *value != 0).collect();
            write(writer.typed::<BoolType>(), &values, levels)
        }
        (Values::Int64(values), Physical::INT32) => {
            // Those of 32 bits without a sign are stored as if they had one.
            let values: Vec<i32> = values.iter().map(|value| *value as i32).collect();
            write(writer.typed::<Int32Type>(), &values, levels)
        }
        (Values::Int64(values), _) => write(writer.typed::<Int64Type>(), values, levels),
        (Values::Float(values), Physical::DOUBLE) => {
            let values: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            write(writer.typed::<DoubleType>(), &values, levels)
        }
        (Values::Float(values), _) => write(writer.typed::<FloatType>(), values, levels),
        (Values::Bytes(values), _) => {
            let (bytes, ends) = values.parts();
            let bytes = bytes::Bytes::copy_from_slice(bytes);
            let values: Vec<ByteArray> =
                ends.windows(2).map(|pair| ByteArray::from(bytes.slice(pair[0]..pair[1]))).collect();
            write(writer.typed::<ByteArrayType>(), &values, levels)
        }
    }
}

fn write<T: DataType>(
    writer: &mut ColumnWriterImpl<'_, T>,
    values: &[T::T],
    (definition, repetition): (&[i16], Option<&[i16]>),
) -> Result<(), ParquetError> {
    writer.write_batch(values, Some(definition), repetition).map(drop)
}
