//! Arrays cut into pieces that are worked on at once.

use std::path::Path;
use std::sync::Arc;

use super::array::Array;
use super::convert::{Ways, batch, fields, typed};
use super::ipc::Ipc;
use super::node::Node;
use crate::table::columnar::Typed;
use crate::table::model::{Ask, Field};
use crate::table::source::{BATCH_BYTES, BATCH_ROWS, Source, Work};
use crate::table::{Job, TableError};

/// Cuts arrays into pieces.
pub(in crate::table) struct Pieces<N> {
    path: Arc<Path>,
    root: Arc<Node>,
    fields: Arc<[Field]>,
    ways: Ways,
    row: u64,
    array: Option<Array>,
    /// The first row of the array that is still to be given.
    at: usize,
    next: N,
}

impl<N: FnMut() -> Result<Option<Array>, TableError>> Pieces<N> {
    pub(in crate::table) fn new(path: &Path, root: Arc<Node>, fields: Arc<[Field]>, ways: Ways, next: N) -> Self {
        Self { path: path.into(), root, fields, ways, row: 0, array: None, at: 0, next }
    }

    pub(in crate::table) fn next(&mut self) -> Result<Option<Work>, TableError> {
        loop {
            if self.array.is_none() {
                self.array = (self.next)()?;
                self.at = 0;
            }
            let Some(whole) = &self.array else { return Ok(None) };
            // Buffers that are shared with other arrays make the pieces smaller than they need to be.
            let at_once = (BATCH_BYTES / (whole.bytes() / whole.len.max(1)).max(1)).clamp(1, BATCH_ROWS);
            let rows = (whole.len - self.at).min(at_once);
            if rows == 0 {
                self.array = None;
                continue;
            }
            let mut part = whole.clone();
            (part.offset, part.len) = (whole.offset + self.at, rows);
            let (path, root) = (Arc::clone(&self.path), Arc::clone(&self.root));
            let (fields, ways) = (Arc::clone(&self.fields), Arc::clone(&self.ways));
            let first_row = self.row;
            self.at += rows;
            self.row += rows as u64;
            return Ok(Some(Box::new(move || batch(&path, &root, &part, &fields, &ways, first_row))));
        }
    }
}

/// The rows of a file or stream of Arrow's.
pub(in crate::table) struct ArrowFile<N>(Pieces<N>);

/// What the columns of a file are.
pub(in crate::table) fn columns(path: &Path, flatten: bool, job: &Job) -> Result<Vec<Typed>, TableError> {
    Ok(typed(&Ipc::open(path, job)?.root, flatten).into_iter().map(|(typed, _)| typed).collect())
}

/// Opens a file, whose columns are known to be there.
pub(in crate::table) fn open(path: &Path, ask: &Ask, job: &Job) -> Result<Box<dyn Source>, TableError> {
    let mut ipc = Ipc::open(path, job)?;
    let root = Arc::new(ipc.root.clone());
    let (fields, ways) = fields(path, &root, ask)?;
    Ok(Box::new(ArrowFile(Pieces::new(path, root, fields, ways, move || ipc.next()))))
}

impl<N: FnMut() -> Result<Option<Array>, TableError> + Send> Source for ArrowFile<N> {
    fn next(&mut self) -> Result<Option<Work>, TableError> {
        self.0.next()
    }
}
