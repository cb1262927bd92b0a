//! Tables of other libraries in this process, by Arrow's C data interface.

use std::path::Path;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::arrow::ffi::{ArrowArray, ArrowArrayStream, ArrowSchema};
use super::arrow::{self, Array, Node, Pieces};
use super::decode::decode;
use super::encode::Message;
use super::from::{ColumnReport, FromReport, write};
use super::infer::{Records, infer};
use super::model::{Ask, Batch, Field};
use super::pipeline::{ordered, threads};
use super::{Job, TableError};
use crate::reshape::{Inputs, OutputOptions};

/// How a table without a file is called in messages.
const NAME: &str = "table";

/// Writes each row of the arrays that `stream` gives as a record to `out`.
pub fn write_table(
    mut stream: ArrowArrayStream,
    out: &Path,
    ask: &Ask,
    message: &Message,
    options: &OutputOptions,
    job: &Job,
) -> Result<FromReport, TableError> {
    let root = Arc::new(stream.schema().map_err(TableError::Source)?);
    let next = {
        let root = Arc::clone(&root);
        move || stream.next(&root).map_err(TableError::Source)
    };
    write_arrays(&root, next, out, ask, message, options, job)
}

/// The same for a single array of structs.
pub fn write_array(
    (schema, array): (&ArrowSchema, ArrowArray),
    out: &Path,
    ask: &Ask,
    message: &Message,
    options: &OutputOptions,
    job: &Job,
) -> Result<FromReport, TableError> {
    let root = Arc::new(schema.to_node().map_err(TableError::Source)?);
    let mut array = Some(array.into_array(&root).map_err(TableError::Source)?);
    write_arrays(&root, move || Ok(array.take()), out, ask, message, options, job)
}

fn write_arrays(
    root: &Arc<Node>,
    next: impl FnMut() -> Result<Option<Array>, TableError> + Send,
    out: &Path,
    ask: &Ask,
    message: &Message,
    options: &OutputOptions,
    job: &Job,
) -> Result<FromReport, TableError> {
    let path = Path::new(NAME);
    if root.layout != arrow::Layout::Struct {
        return Err(TableError::malformed(path, "its arrays are no structs, a column for each member"));
    }
    let (fields, ways) = arrow::fields(path, root, ask)?;
    let mut pieces = Pieces::new(path, Arc::clone(root), Arc::clone(&fields), ways, next);
    let next = || {
        job.check()?;
        pieces.next()
    };
    write(path, &fields, next, out, message, options, job)
}

/// Records as a table: its columns are known, its rows are read when they are asked for.
#[derive(Debug)]
pub struct RecordTable {
    inputs: Inputs,
    fields: Arc<[Field]>,
    workers: usize,
}

impl RecordTable {
    /// Reads all records to find out what columns they make.
    pub fn open(inputs: Inputs, ask: &Ask, workers: usize, job: &Job) -> Result<Self, TableError> {
        let fields = infer(&inputs, ask, workers, job)?;
        for field in fields.iter() {
            if field.ty == super::Type::Base64 {
                let problem = "base64 is for text; binary is what it is of";
                return Err(TableError::column(Path::new(NAME), &field.source, problem));
            }
        }
        Ok(Self { inputs, fields, workers })
    }

    /// What the columns are.
    pub fn columns(&self) -> Vec<ColumnReport> {
        self.fields.iter().map(ColumnReport::of_records).collect()
    }

    /// The columns, for another library.
    pub fn schema(&self) -> ArrowSchema {
        ArrowSchema::of_node(&arrow::schema(&self.fields), &arrow::format)
    }

    /// The rows, for another library. They are read on threads of their own, a few pieces ahead, until the stream is
    /// released.
    pub fn stream(&self) -> ArrowArrayStream {
        let (send, receive) = bounded::<Result<Batch, String>>(threads(self.workers));
        let (inputs, fields, workers) = (self.inputs.clone(), Arc::clone(&self.fields), self.workers);
        let mut rows = Rows { start: Some((inputs, fields, workers, send)), receive };
        ArrowArrayStream::of(arrow::schema(&self.fields), arrow::format, move || rows.next())
    }
}

/// The rows of a stream. The thread that reads is made when the first are asked for.
struct Rows {
    start: Option<Start>,
    receive: Receiver<Result<Batch, String>>,
}

/// What the thread is given.
type Start = (Inputs, Arc<[Field]>, usize, Sender<Result<Batch, String>>);

impl Rows {
    fn next(&mut self) -> Result<Option<Array>, String> {
        if let Some((inputs, fields, workers, send)) = self.start.take() {
            let read = move || read(&inputs, &fields, workers, &send);
            let made = std::thread::Builder::new().name("recordmill-table".into()).spawn(read);
            made.map_err(|error| format!("cannot make a thread: {error}"))?;
        }
        match self.receive.recv() {
            Ok(batch) => arrow::build(&batch?).map(Some),
            // The thread is at its end.
            Err(_) => Ok(None),
        }
    }
}

fn read(inputs: &Inputs, fields: &Arc<[Field]>, workers: usize, send: &Sender<Result<Batch, String>>) {
    let mut records = Records::new(inputs, &Job::default());
    let gone = || TableError::Option("nobody takes the rows any more".into());
    let done = ordered(
        workers,
        || records.next(),
        |piece| decode(&piece, fields),
        |batch| send.send(Ok(batch)).map_err(|_| gone()),
    );
    if let Err(error) = done {
        // To nobody, if it is that nobody is there.
        drop(send.send(Err(error.to_string())));
    }
}
