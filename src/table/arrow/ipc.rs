//! Arrow's IPC formats (<https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>),
//! read: a stream, and the file (Feather 2), which is a stream between two magic words with a table of contents behind it.
//!
//! ```text
//! message  ff ff ff ff, i32 length of the metadata, the metadata (FlatBuffers `Message`), the body
//! stream   a schema, then dictionaries and record batches in any order; a length of 0, or nothing, is the end
//! file     "ARROW1" 0 0, a stream, a footer, i32 its length, "ARROW1"
//! ```
//!
//! The tables: <https://github.com/apache/arrow/tree/main/format> (`Message.fbs`, `Schema.fbs`).

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::array::Array;
use super::flat::Table;
use super::node::{Layout, Node};
use crate::record::read_at;
use crate::table::{Job, TableError};

/// Before the stream of a file.
pub(in crate::table) const MAGIC: &[u8] = b"ARROW1\0\0";
/// Behind the footer of a file.
pub(super) const END: &[u8; 6] = b"ARROW1";
/// Before every message.
pub(in crate::table) const CONTINUATION: &[u8] = &[0xff; 4];
/// Metadata of a message at most.
const MAX_METADATA: u64 = 1 << 28;
/// What a buffer unpacks to at most.
const MAX_BUFFER: u64 = 1 << 32;
/// How deep schemas go at most.
const MAX_DEPTH: usize = 64;

/// A stream that is read.
pub(in crate::table) struct Ipc {
    path: PathBuf,
    from: BufReader<File>,
    /// Bytes of the file that are still to be read.
    left: u64,
    job: Job,
    pub root: Node,
    /// The numbers of dictionaries, in the order in which the schema comes to them.
    ids: Vec<i64>,
    dictionaries: HashMap<i64, Array>,
}

impl Ipc {
    pub(in crate::table) fn open(path: &Path, job: &Job) -> Result<Self, TableError> {
        let refused = TableError::io("cannot be read", path);
        let file = File::open(path).map_err(&refused)?;
        let left = file.metadata().map_err(&refused)?.len();
        let from = BufReader::with_capacity(1 << 16, file);
        let root = Node::of_format("", "+s");
        let (path, job) = (path.to_owned(), job.clone());
        let mut ipc = Self { path, from, left, job, root, ids: Vec::new(), dictionaries: HashMap::new() };
        ipc.start().map_err(|problem| TableError::malformed(&ipc.path, problem))?;
        Ok(ipc)
    }

    fn start(&mut self) -> Result<(), String> {
        if io::BufRead::fill_buf(&mut self.from).map_err(|error| error.to_string())?.starts_with(MAGIC) {
            // A stream may end behind any message, so it is the end that says whether all of a file is there.
            let mut end = [0; END.len()];
            let at = self.left.saturating_sub(END.len() as u64);
            read_at(self.from.get_ref(), &mut end, at).map_err(|error| error.to_string())?;
            if end != *END {
                return Err("the file ends before its end, which is \"ARROW1\"".into());
            }
            self.bytes(MAGIC.len() as u64)?;
        }
        let (metadata, _) = self.message()?.ok_or("a stream without a schema")?;
        let message = Table::root(&metadata)?;
        let schema =
            message.table(2)?.filter(|_| message.u8(1) == Ok(1)).ok_or("a stream that begins with no schema")?;
        if schema.i16(0, 0)? != 0 {
            return Err("numbers with the highest byte first".into());
        }
        for field in schema.tables(1)? {
            self.root.children.push(node(&field, 0, &mut self.ids)?);
        }
        Ok(())
    }

    fn bytes(&mut self, len: u64) -> Result<Vec<u8>, String> {
        self.left = self
            .left
            .checked_sub(len)
            .ok_or_else(|| format!("{len} bytes more, but the file ends after {}", self.left))?;
        let mut bytes = vec![0; usize::try_from(len).map_err(|_| "more than memory has".to_owned())?];
        self.from.read_exact(&mut bytes).map_err(|error| error.to_string())?;
        self.job.read(len);
        Ok(bytes)
    }

    /// The next message: its metadata, and its body.
    fn message(&mut self) -> Result<Option<(Vec<u8>, Bytes)>, String> {
        if self.left == 0 {
            return Ok(None);
        }
        let head = self.bytes(8)?;
        let (mark, len) = head.split_at(4);
        if mark != CONTINUATION {
            return Err("a message without its mark; streams of before Arrow 0.15 have none".into());
        }
        let len = len.first_chunk::<4>().map_or(0, |len| i32::from_le_bytes(*len));
        let len = u64::try_from(len)
            .ok()
            .filter(|len| *len <= MAX_METADATA)
            .ok_or_else(|| format!("metadata of {len} bytes"))?;
        if len == 0 {
            return Ok(None);
        }
        let metadata = self.bytes(len)?;
        let body = Table::root(&metadata)?.i64(3)?;
        let body = self.bytes(u64::try_from(body).map_err(|_| format!("a body of {body} bytes"))?)?;
        Ok(Some((metadata, body.into())))
    }

    /// The next record batch, as a struct of its columns.
    pub(in crate::table) fn next(&mut self) -> Result<Option<Array>, TableError> {
        self.batch().map_err(|problem| TableError::malformed(&self.path, problem))
    }

    fn batch(&mut self) -> Result<Option<Array>, String> {
        while let Some((metadata, body)) = self.message()? {
            let message = Table::root(&metadata)?;
            let header = message.table(2)?.ok_or("a message without a header")?;
            match message.u8(1)? {
                2 => self.dictionary(&header, body)?,
                3 => {
                    let (root, ids) = (self.root.clone(), self.ids.clone());
                    let mut parts = Parts::new(&header, body, &ids, &self.dictionaries)?;
                    let children =
                        root.children.iter().map(|child| parts.array(child)).collect::<Result<Vec<_>, _>>()?;
                    let len = size(header.i64(0)?)?;
                    if children.iter().any(|child| child.len != len) {
                        return Err(format!("columns of other lengths than the batch's {len}"));
                    }
                    return Ok(Some(Array { len, children, buffers: vec![Bytes::new()], ..Array::default() }));
                }
                _ => return Err("a message that is neither dictionary nor batch".into()),
            }
        }
        Ok(None)
    }

    fn dictionary(&mut self, header: &Table<'_>, body: Bytes) -> Result<(), String> {
        let id = header.i64(0)?;
        if header.u8(2)? != 0 {
            return Err("a dictionary that grows (delta); written anew as a whole it can be read".into());
        }
        let values =
            values_of(&self.root, &self.ids, id).ok_or_else(|| format!("a dictionary {id} that no column has"))?;
        let batch = header.table(1)?.ok_or("a dictionary without values")?;
        let mut parts = Parts::new(&batch, body, &self.ids, &self.dictionaries)?;
        let array = parts.array(&values)?;
        self.dictionaries.insert(id, array);
        Ok(())
    }
}

fn size(number: i64) -> Result<usize, String> {
    usize::try_from(number).map_err(|_| format!("a length of {number}"))
}

/// The values' node of the dictionary of that number.
fn values_of(root: &Node, ids: &[i64], id: i64) -> Option<Node> {
    fn walk(node: &Node, ids: &mut std::slice::Iter<'_, i64>, id: i64) -> Option<Node> {
        if let Some(values) = &node.dictionary
            && ids.next() == Some(&id)
        {
            return Some((**values).clone());
        }
        let inner = node.dictionary.as_deref().map_or(&node.children, |values| &values.children);
        inner.iter().find_map(|child| walk(child, ids, id))
    }
    walk(root, &mut ids.iter(), id)
}

/// A field of a schema.
fn node(field: &Table<'_>, depth: usize, ids: &mut Vec<i64>) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Err(format!("a schema of more than {MAX_DEPTH} levels"));
    }
    let name = field.text(0)?;
    let mut node = Node::of_format(name, &format(field)?);
    let encoding = field.table(4)?;
    if let Some(encoding) = encoding {
        ids.push(encoding.i64(0)?);
    }
    for child in field.tables(5)? {
        node.children.push(self::node(&child, depth + 1, ids)?);
    }
    let Some(encoding) = encoding else { return Ok(node) };
    let index = match encoding.table(1)? {
        Some(int) => int_format(&int)?,
        None => "i".into(),
    };
    let mut indices = Node::of_format(name, &index);
    indices.dictionary = Some(Box::new(node));
    Ok(indices)
}

fn int_format(int: &Table<'_>) -> Result<String, String> {
    Ok(match (int.i32(0, 0)?, int.u8(1)? != 0) {
        (8, true) => "c",
        (8, false) => "C",
        (16, true) => "s",
        (16, false) => "S",
        (32, true) => "i",
        (32, false) => "I",
        (64, true) => "l",
        (64, false) => "L",
        (bits, _) => return Err(format!("integers of {bits} bits")),
    }
    .into())
}

/// The type of a field as the C data interface writes it.
fn format(field: &Table<'_>) -> Result<String, String> {
    let ty = field.table(3)?.ok_or("a field without a type")?;
    let unit = |default: i16| {
        Ok::<_, String>(match ty.i16(0, default)? {
            0 => 's',
            1 => 'm',
            2 => 'u',
            _ => 'n',
        })
    };
    Ok(match field.u8(2)? {
        1 => "n".into(),
        2 => int_format(&ty)?,
        3 => match ty.i16(0, 0)? {
            0 => "e".into(),
            1 => "f".into(),
            _ => "g".into(),
        },
        4 => "z".into(),
        5 => "u".into(),
        6 => "b".into(),
        7 => format!("d:{},{},{}", ty.i32(0, 0)?, ty.i32(1, 0)?, ty.i32(2, 128)?),
        8 => if ty.i16(0, 1)? == 0 { "tdD" } else { "tdm" }.into(),
        9 => format!("tt{}", unit(1)?),
        10 => format!("ts{}:{}", unit(0)?, ty.text(1)?),
        12 => "+l".into(),
        13 => "+s".into(),
        15 => format!("w:{}", ty.i32(0, 0)?),
        16 => format!("+w:{}", ty.i32(0, 0)?),
        17 => "+m".into(),
        18 => format!("tD{}", unit(1)?),
        19 => "Z".into(),
        20 => "U".into(),
        21 => "+L".into(),
        23 => "vz".into(),
        24 => "vu".into(),
        25 => "+vl".into(),
        26 => "+vL".into(),
        other => return Err(format!("a column of Arrow's type number {other}, which fits into no feature")),
    })
}

/// The parts of a batch, which its arrays take in the schema's order.
struct Parts<'a> {
    nodes: std::slice::Iter<'a, [u8; 16]>,
    buffers: std::slice::Iter<'a, [u8; 16]>,
    variadic: std::slice::Iter<'a, [u8; 8]>,
    codec: Option<u8>,
    body: Bytes,
    ids: std::slice::Iter<'a, i64>,
    dictionaries: &'a HashMap<i64, Array>,
}

impl<'a> Parts<'a> {
    fn new(
        batch: &Table<'a>,
        body: Bytes,
        ids: &'a [i64],
        dictionaries: &'a HashMap<i64, Array>,
    ) -> Result<Self, String> {
        Ok(Self {
            nodes: batch.vector(1, 16)?.as_chunks::<16>().0.iter(),
            buffers: batch.vector(2, 16)?.as_chunks::<16>().0.iter(),
            variadic: batch.vector(4, 8)?.as_chunks::<8>().0.iter(),
            codec: batch.table(3)?.map(|compression| compression.u8(0)).transpose()?,
            body,
            ids: ids.iter(),
            dictionaries,
        })
    }

    fn array(&mut self, node: &Node) -> Result<Array, String> {
        let pair = self.nodes.next().ok_or("fewer arrays than the schema has")?;
        let (len, nulls) = two(pair);
        let mut array = Array { len: size(len)?, nulls: size(nulls)?, ..Array::default() };
        let buffers = match node.layout {
            Layout::Null => 0,
            Layout::Struct | Layout::FixedList(_) => 1,
            Layout::Bytes(_) | Layout::ListView(_) => 3,
            Layout::View => {
                let more = self.variadic.next().ok_or("a column of views without its number of buffers")?;
                2 + size(i64::from_le_bytes(*more))?
            }
            _ => 2,
        };
        for _ in 0..buffers {
            let buffer = self.buffer()?;
            array.buffers.push(buffer);
        }
        if array.nulls == 0
            && let Some(first) = array.buffers.first_mut()
        {
            *first = Bytes::new();
        }
        if let Some(values) = &node.dictionary {
            let id = self.ids.next().ok_or("more dictionaries than the schema has")?;
            let dictionary = self.dictionaries.get(id).ok_or_else(|| format!("a batch before its dictionary {id}"))?;
            array.dictionary = Some(Box::new(dictionary.clone()));
            // Dictionaries within have their values already.
            for _ in 0..dictionaries_in(&values.children) {
                self.ids.next();
            }
        }
        for child in &node.children {
            let child = self.array(child)?;
            array.children.push(child);
        }
        Ok(array)
    }

    fn buffer(&mut self) -> Result<Bytes, String> {
        let (offset, len) = two(self.buffers.next().ok_or("fewer buffers than the arrays have")?);
        let (start, len) = (size(offset)?, size(len)?);
        let end = start.checked_add(len).filter(|end| *end <= self.body.len());
        let end = end.ok_or_else(|| format!("a buffer of {len} bytes at {start} of {}", self.body.len()))?;
        let packed = self.body.slice(start..end);
        let Some(codec) = self.codec.filter(|_| !packed.is_empty()) else { return Ok(packed) };
        let head = packed.first_chunk::<8>().ok_or("a packed buffer without its length")?;
        let (whole, rest) = (i64::from_le_bytes(*head), packed.slice(8..));
        if whole == -1 {
            return Ok(rest);
        }
        let whole = u64::try_from(whole).ok().filter(|whole| *whole <= MAX_BUFFER);
        let whole = whole.ok_or("a buffer that unpacks to more than 4 GiB")?;
        let mut bytes = Vec::new();
        let unpacked = match codec {
            0 => lz4_flex::frame::FrameDecoder::new(&*rest).take(whole).read_to_end(&mut bytes),
            1 => zstd::stream::read::Decoder::new(&*rest).and_then(|from| from.take(whole).read_to_end(&mut bytes)),
            codec => return Err(format!("a packing of number {codec}")),
        };
        unpacked.map_err(|error| format!("a buffer that does not unpack: {error}"))?;
        if bytes.len() as u64 != whole {
            return Err(format!("a buffer unpacks to {} bytes, expected {whole}", bytes.len()));
        }
        Ok(bytes.into())
    }
}

fn dictionaries_in(nodes: &[Node]) -> usize {
    let in_one = |node: &Node| match &node.dictionary {
        None => dictionaries_in(&node.children),
        Some(values) => 1 + dictionaries_in(&values.children),
    };
    nodes.iter().map(in_one).sum()
}

fn two(pair: &[u8; 16]) -> (i64, i64) {
    let (first, second) = pair.split_at(8);
    let number = |bytes: &[u8]| bytes.first_chunk::<8>().map_or(0, |bytes| i64::from_le_bytes(*bytes));
    (number(first), number(second))
}
