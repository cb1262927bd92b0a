//! Rows to a file of Arrow's, or a stream, in the form that [`ipc`](super::ipc) reads: a record batch for each piece of rows. Bodies are
//! not packed, so that they can be mapped into memory.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::array::Array;
use super::build::{build, schema};
use super::flat::Made;
use super::ipc::{CONTINUATION, END, MAGIC};
use super::node::{Layout, Node};
use crate::table::TableError;
use crate::table::model::{Batch, Field};
use crate::table::types::{Type, Unit};

/// `MetadataVersion.V5`
const VERSION: i16 = 4;
/// `MessageHeader`
const SCHEMA: u8 = 1;
const RECORD_BATCH: u8 = 3;

/// A message: its metadata, with mark and length, and its body. Both are of multiples of 8 bytes.
pub(in crate::table) struct Message {
    metadata: Vec<u8>,
    body: Vec<u8>,
}

/// Writes a file.
pub(in crate::table) struct ArrowWriter<W> {
    path: PathBuf,
    out: W,
    fields: Arc<[Field]>,
    is_stream: bool,
    /// Bytes written so far.
    at: u64,
    /// Where batches are, for the table of contents: `Block`.
    blocks: Vec<[u8; 24]>,
}

impl<W: Write> ArrowWriter<W> {
    pub(in crate::table) fn new(path: &Path, out: W, fields: &Arc<[Field]>) -> Result<Self, TableError> {
        // The ending that <https://arrow.apache.org/faq/> has for streams.
        let is_stream = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("arrows"));
        let fields = Arc::clone(fields);
        let mut writer = Self { path: path.to_owned(), out, fields, is_stream, at: 0, blocks: Vec::new() };
        if !is_stream {
            writer.put(MAGIC)?;
        }
        let schema = message(SCHEMA, described(&writer.fields), Vec::new());
        writer.put(&schema.metadata)?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), TableError> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes).map_err(TableError::io("cannot be written", &self.path))
    }

    pub(in crate::table) fn write(&mut self, batch: &Message) -> Result<(), TableError> {
        let mut block = [0; 24];
        block[..8].copy_from_slice(&self.at.to_le_bytes());
        block[8..12].copy_from_slice(&(batch.metadata.len() as i32).to_le_bytes());
        block[16..].copy_from_slice(&(batch.body.len() as u64).to_le_bytes());
        self.blocks.push(block);
        self.put(&batch.metadata)?;
        self.put(&batch.body)
    }

    /// Writes what is left.
    pub(in crate::table) fn finish(mut self) -> Result<(PathBuf, W), TableError> {
        self.put(CONTINUATION)?;
        self.put(&[0; 4])?;
        if !self.is_stream {
            let footer = Made::new()
                .number(0, VERSION.to_le_bytes())
                .table(1, described(&self.fields))
                .structs::<24>(2, &[])
                .structs(3, &self.blocks)
                .finish();
            self.put(&footer)?;
            self.put(&(footer.len() as i32).to_le_bytes())?;
            self.put(END)?;
        }
        Ok((self.path, self.out))
    }
}

/// Why a column is not written.
pub(in crate::table) fn refuses(field: &Field) -> Option<String> {
    match field.ty {
        Type::Base64 => Some("base64 is for text; binary is what it is of".into()),
        Type::Float16 | Type::Decimal(..) => Some(format!("{} is not written to Arrow's files", field.ty)),
        _ => None,
    }
}

/// The rows as a record batch.
pub(in crate::table) fn encode(batch: &Batch) -> Result<Message, String> {
    let array = build(batch)?;
    let mut parts = Parts::default();
    array.children.iter().for_each(|child| parts.add(child));
    let header =
        Made::new().number(0, (array.len as i64).to_le_bytes()).structs(1, &parts.nodes).structs(2, &parts.buffers);
    Ok(message(RECORD_BATCH, header, parts.body))
}

fn message(kind: u8, header: Made, body: Vec<u8>) -> Message {
    let message = Made::new()
        .number(0, VERSION.to_le_bytes())
        .number(1, [kind])
        .table(2, header)
        .number(3, (body.len() as i64).to_le_bytes())
        .finish();
    let len = (message.len() as i32).to_le_bytes();
    Message { metadata: [CONTINUATION, &len, &message].concat(), body }
}

/// What a record batch lists: `FieldNode`, `Buffer`, and the body that those are in.
#[derive(Default)]
struct Parts {
    nodes: Vec<[u8; 16]>,
    buffers: Vec<[u8; 16]>,
    body: Vec<u8>,
}

impl Parts {
    fn add(&mut self, array: &Array) {
        self.nodes.push(pair(array.len, array.nulls));
        for buffer in &array.buffers {
            self.buffers.push(pair(self.body.len(), buffer.len()));
            self.body.extend_from_slice(buffer);
            self.body.resize(self.body.len().next_multiple_of(8), 0);
        }
        array.children.iter().for_each(|child| self.add(child));
    }
}

fn pair(first: usize, second: usize) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(first as u64).to_le_bytes());
    bytes[8..].copy_from_slice(&(second as u64).to_le_bytes());
    bytes
}

/// `Schema`
fn described(fields: &[Field]) -> Made {
    Made::new().number(0, 0_i16.to_le_bytes()).tables(1, schema(fields).children.iter().map(field).collect())
}

/// `Field`: each may be null.
fn field(node: &Node) -> Made {
    let (number, ty) = ty(node);
    Made::new()
        .text(0, &node.name)
        .number(1, [1])
        .number(2, [number])
        .table(3, ty)
        .tables(5, node.children.iter().map(field).collect())
}

/// `Type`, and the table of that kind. What has the default is there all the same.
fn ty(node: &Node) -> (u8, Made) {
    let made = Made::new();
    if let Layout::List(_) = node.layout {
        return (12, made);
    }
    let i16 = |number: i16| number.to_le_bytes();
    let i32 = |number: i32| number.to_le_bytes();
    let int = |bits: i32, signed: bool| (2, Made::new().number(0, i32(bits)).number(1, [u8::from(signed)]));
    let unit = |unit: Unit| match unit {
        Unit::Second => i16(0),
        Unit::Milli => i16(1),
        Unit::Micro => i16(2),
        Unit::Nano => i16(3),
    };
    match node.ty {
        Type::Bool => (6, made),
        Type::Int8 => int(8, true),
        Type::Int16 => int(16, true),
        Type::Int32 => int(32, true),
        Type::Int64 | Type::Decimal(..) => int(64, true),
        Type::UInt8 => int(8, false),
        Type::UInt16 => int(16, false),
        Type::UInt32 => int(32, false),
        Type::UInt64 => int(64, false),
        Type::Float16 | Type::Float32 => (3, made.number(0, i16(1))),
        Type::Float64 => (3, made.number(0, i16(2))),
        Type::Binary | Type::Base64 => (4, made),
        Type::Text => (5, made),
        Type::Date => (8, made.number(0, i16(0))),
        Type::Time(time @ (Unit::Second | Unit::Milli)) => (9, made.number(0, unit(time)).number(1, i32(32))),
        Type::Time(time) => (9, made.number(0, unit(time)).number(1, i32(64))),
        Type::Timestamp(time, false) => (10, made.number(0, unit(time))),
        Type::Timestamp(time, true) => (10, made.number(0, unit(time)).text(1, "UTC")),
        Type::Duration(time) => (18, made.number(0, unit(time))),
    }
}
