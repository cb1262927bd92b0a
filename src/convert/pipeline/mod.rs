//! From a plan to the bytes of its shards, on any number of threads.
//!
//! Every thread does whatever is next: build a block, write one that has its place in the file, or take the file's
//! digest one block further (where one is wanted: SHA-256 cannot be taken of blocks apart, CRC32C can). A block gets its
//! place when all before it in its shard have theirs, so that what is written depends on the plan alone; blocks leave the
//! pipeline in plan order, and with them the counts and problems. Few blocks are on their way at a time (by bytes), which
//! bounds memory whatever the speeds are. One thread at a time writes to a file, since the system lets no more than one
//! in: the others had better do something else meanwhile.
//!
//! Once a problem stops the run, blocks are only checked, so that all problems are found, and nothing is written.

mod block;
mod buffer;
mod clip;
mod parts;
mod tell;

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

pub use block::Outcome;
use block::{Builder, Mode};
use buffer::Buffer;
use parts::{Body, Parts};

use super::error::ConvertError;
use super::plan::{BLOCK_LEN, Plan};
use super::shard::Output;
use super::watch::{Phase, Progress, Watch};
use crate::dataset::{Dataset, Severity};
use crate::files::Root;
use crate::record::deflate::{Piece, Stream};
use crate::record::{Compression, crc, sha256};

/// Bytes of blocks that may be on their way at a time, for the first thread and for each.
const WINDOW: u64 = 4 * BLOCK_LEN;
/// Memory of blocks that is kept to be used again: not that of a huge image.
const SPARE_LEN: usize = 4 * BLOCK_LEN as usize;

/// What is to be done, and by what rules.
pub struct Job<'a> {
    /// What was read.
    pub dataset: &'a Dataset,
    /// Its folders, open.
    pub roots: &'a [Root],
    /// What goes where.
    pub plan: &'a Plan,
    /// Where it goes; none in a dry run.
    pub output: Option<&'a Output>,
    /// Around each file.
    pub compression: Compression,
    /// Of the compression.
    pub level: Option<u32>,
    /// Threads.
    pub threads: usize,
    /// A problem of [`Severity::Error`] stops the run.
    pub stop_on_error: bool,
    /// A problem of [`Severity::Fixed`] stops the run.
    pub strict: bool,
    /// It is known already that nothing will be written.
    pub refused: bool,
    /// Whether the manifest gets the SHA-256 of each file.
    pub file_sha256: bool,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Done {
    /// All blocks together.
    pub total: Outcome,
    /// Each shard.
    pub shards: Vec<ShardDone>,
    /// Nothing may be written: problems stopped the run.
    pub refused: bool,
}

/// A finished shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardDone {
    /// Records.
    pub records: u64,
    /// Images in them.
    pub images: u64,
    /// Objects in them.
    pub objects: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// CRC-32C of the file; none where it was not written.
    pub crc32c: Option<u32>,
    /// SHA-256 of the file, in hex; none where it was not written or not asked for.
    pub sha256: Option<String>,
}

/// Makes the shards of a plan.
pub fn run(job: &Job<'_>, watch: &mut Watch<'_>) -> Result<Done, ConvertError> {
    let line = Line::new(job);
    let progress = || line.progress();
    watch.run(job.threads.max(1), |_, cancelled| line.work(cancelled), progress, || line.wake());
    if watch.cancelled() {
        return Err(ConvertError::Cancelled);
    }
    let state = line.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = state.failure {
        return Err(failure);
    }
    let digest = |shard: ShardState| {
        let written = job.output.is_some() && !state.refused;
        let digest = shard.digest.filter(|_| written);
        let sha256 = digest.map(|digest| sha256::hex(&digest.finalize().into()).map(char::from).iter().collect());
        let crc32c = written.then_some(shard.crc32c);
        ShardDone {
            records: shard.records,
            images: shard.images,
            objects: shard.objects,
            bytes: shard.offset,
            crc32c,
            sha256,
        }
    };
    let mut shards: Vec<ShardDone> = state.shards.into_iter().map(digest).collect();
    if state.refused {
        shards.iter_mut().for_each(|shard| shard.bytes = 0);
    }
    Ok(Done { total: state.total, shards, refused: state.refused })
}

/// The threads' common ground.
struct Line<'a> {
    job: &'a Job<'a>,
    /// Shard and block in it of all blocks, in plan order.
    blocks: Vec<(usize, usize)>,
    images_total: u64,
    bytes_total: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The next block that nobody has taken.
    next: usize,
    /// Blocks that were taken and have not left, in plan order.
    slots: VecDeque<Slot>,
    /// Bytes of their images.
    in_flight: u64,
    /// Shards of which all is written.
    whole: Vec<usize>,
    shards: Vec<ShardState>,
    spare: Vec<Vec<u8>>,
    refused: bool,
    failure: Option<ConvertError>,
    total: Outcome,
    /// Images looked at, and bytes of their files.
    seen: (u64, u64),
}

struct ShardState {
    /// The block that is placed next, and where.
    next_place: usize,
    offset: u64,
    stream: Option<Stream>,
    /// Of the blocks that are placed.
    crc32c: u32,
    /// A thread is writing.
    writing: bool,
    /// The block that is digested next; the digest is away while that happens, or was never wanted.
    next_digest: usize,
    digest: Option<Sha256>,
    records: u64,
    images: u64,
    objects: u64,
}

/// A block on its way.
struct Slot {
    shard: usize,
    block: usize,
    weight: u64,
    stage: Stage,
}

enum Stage {
    Building,
    /// Waits for the blocks before it.
    Built(Option<Body>, Box<Outcome>),
    /// Has its place in the file.
    Placed {
        parts: Arc<Parts>,
        offset: u64,
        write: Step,
        digest: Step,
        outcome: Box<Outcome>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Open,
    Taken,
    Done,
}

enum Task {
    Build { shard: usize, block: usize, mode: Mode, memory: Vec<u8> },
    Write { shard: usize, block: usize, parts: Arc<Parts>, offset: u64 },
    Digest { shard: usize, block: usize, parts: Arc<Parts>, digest: Sha256 },
    Close { shard: usize },
}

enum Next {
    Task(Task),
    Wait,
    End,
}

impl<'a> Line<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        let shards = &job.plan.shards;
        let blocks =
            shards.iter().enumerate().flat_map(|(shard, plan)| (0..plan.blocks.len()).map(move |block| (shard, block)));
        let images = || shards.iter().flat_map(|shard| &shard.images);
        let new_shard = |_| ShardState {
            next_place: 0,
            offset: 0,
            stream: Some(Stream::new(job.compression)),
            crc32c: crc::crc32c(&[]),
            writing: false,
            next_digest: 0,
            digest: job.file_sha256.then(Sha256::new),
            records: 0,
            images: 0,
            objects: 0,
        };
        let state = State { shards: shards.iter().map(new_shard).collect(), refused: job.refused, ..State::default() };
        Self {
            job,
            blocks: blocks.collect(),
            images_total: images().count() as u64,
            bytes_total: images().map(|image| image.bytes).sum(),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// A thread that panicked has left the state whole: it is changed only between tasks.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // With the lock, so that a thread which is about to wait does not miss it.
        drop(self.lock());
        self.changed.notify_all();
    }

    fn progress(&self) -> Progress {
        let (images, bytes) = self.lock().seen;
        Progress {
            phase: Phase::Write,
            images,
            images_total: self.images_total,
            bytes,
            bytes_total: self.bytes_total,
            seconds: 0.0,
        }
    }

    /// What a thread does until nothing is left.
    fn work(&self, cancelled: &AtomicBool) {
        let _stop = StopOnPanic { line: self };
        let mut builder = Builder::new(self.job.dataset, &self.job.plan.content, self.job.roots);
        let mut state = self.lock();
        loop {
            if state.failure.is_some() || cancelled.load(Ordering::Relaxed) {
                return;
            }
            match self.next(&mut state) {
                Next::End => {
                    self.changed.notify_all();
                    return;
                }
                Next::Wait => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Next::Task(task) => {
                    drop(state);
                    let done = self.perform(task, &mut builder, cancelled);
                    state = self.lock();
                    match done {
                        Ok(done) => self.settle(&mut state, done),
                        Err(failure) => drop(state.failure.get_or_insert(failure)),
                    }
                    self.changed.notify_all();
                }
            }
        }
    }

    /// Chooses what to do: what lets a block leave comes first.
    fn next(&self, state: &mut State) -> Next {
        for slot in &mut state.slots {
            let shard = &mut state.shards[slot.shard];
            if let Stage::Placed { parts, digest: step @ Step::Open, .. } = &mut slot.stage
                && slot.block == shard.next_digest
                && let Some(digest) = shard.digest.take()
            {
                *step = Step::Taken;
                let parts = Arc::clone(parts);
                return Next::Task(Task::Digest { shard: slot.shard, block: slot.block, parts, digest });
            }
        }
        for slot in &mut state.slots {
            let shard = &mut state.shards[slot.shard];
            if let Stage::Placed { parts, offset, write: step @ Step::Open, .. } = &mut slot.stage
                && !mem::replace(&mut shard.writing, true)
            {
                *step = Step::Taken;
                let (parts, offset) = (Arc::clone(parts), *offset);
                return Next::Task(Task::Write { shard: slot.shard, block: slot.block, parts, offset });
            }
        }
        if let Some(shard) = state.whole.pop() {
            return Next::Task(Task::Close { shard });
        }
        let Some(&(shard, block)) = self.blocks.get(state.next) else {
            return if state.slots.is_empty() { Next::End } else { Next::Wait };
        };
        let weight = self.job.plan.shards[shard].block(block).iter().map(|image| image.bytes).sum::<u64>();
        let window = WINDOW * (1 + self.job.threads as u64);
        if !state.slots.is_empty() && state.in_flight + weight.max(BLOCK_LEN) > window {
            return Next::Wait;
        }
        state.next += 1;
        state.in_flight += weight.max(BLOCK_LEN);
        state.slots.push_back(Slot { shard, block, weight: weight.max(BLOCK_LEN), stage: Stage::Building });
        // Without a file to write to, bytes are only made where their compressed length is asked for.
        let bytes_wanted = self.job.output.is_some() || self.job.compression != Compression::None;
        let mode = if bytes_wanted && !state.refused { Mode::Write } else { Mode::Measure };
        Next::Task(Task::Build { shard, block, mode, memory: state.spare.pop().unwrap_or_default() })
    }

    fn perform(&self, task: Task, builder: &mut Builder<'_>, cancelled: &AtomicBool) -> Result<Finished, ConvertError> {
        match task {
            Task::Build { shard, block, mode, memory } => {
                let mut buffer = Buffer::reuse(memory);
                let mut outcome = Box::<Outcome>::default();
                let planned = &self.job.plan.shards[shard];
                if let Some(clip) = planned.clips.get(block) {
                    builder.add_clip(clip, planned.block(block), mode, &mut buffer, &mut outcome, cancelled);
                } else {
                    for image in planned.block(block) {
                        if cancelled.load(Ordering::Relaxed) {
                            break;
                        }
                        builder.add(*image, mode, &mut buffer, &mut outcome);
                    }
                }
                buffer.seal();
                let (body, memory) = match (mode, self.job.compression) {
                    (Mode::Measure, _) => (None, Some(buffer.into_vec())),
                    (Mode::Write, Compression::None) => (Some(Body::Plain(buffer)), None),
                    (Mode::Write, compression) => {
                        let piece = Piece::compress(buffer.bytes(), compression, self.job.level)?;
                        let crc32c = crc::crc32c(piece.bytes());
                        (Some(Body::Piece(piece, crc32c)), Some(buffer.into_vec()))
                    }
                };
                Ok(Finished::Built { shard, block, body, outcome, memory })
            }
            Task::Write { shard, block, parts, offset } => {
                if let Some(output) = self.job.output {
                    output.write(shard, offset, &parts.each())?;
                }
                Ok(Finished::Written { shard, block })
            }
            Task::Close { shard } => {
                self.job.output.map_or(Ok(()), |output| output.close(shard))?;
                Ok(Finished::Closed)
            }
            Task::Digest { shard, block, parts, mut digest } => {
                parts.each().iter().for_each(|part| digest.update(part));
                Ok(Finished::Digested { shard, block, digest })
            }
        }
    }

    /// Takes what a thread has done into the state.
    fn settle(&self, state: &mut State, finished: Finished) {
        match finished {
            Finished::Built { shard, block, body, outcome, memory } => {
                state.keep(memory);
                let count = |severity| outcome.problems.count(severity) > 0;
                let stops =
                    (self.job.stop_on_error && count(Severity::Error)) || (self.job.strict && count(Severity::Fixed));
                state.refused |= stops;
                let images = self.job.plan.shards[shard].block(block);
                state.seen.0 += images.len() as u64;
                state.seen.1 += images.iter().map(|image| image.bytes).sum::<u64>();
                if let Some(slot) = state.slot(shard, block) {
                    slot.stage = Stage::Built(body, outcome);
                }
                self.place(state);
            }
            Finished::Written { shard, block } => {
                if let Some(Stage::Placed { write, .. }) = state.slot(shard, block).map(|slot| &mut slot.stage) {
                    *write = Step::Done;
                }
                state.shards[shard].writing = false;
            }
            Finished::Digested { shard, block, digest: taken } => {
                if let Some(Stage::Placed { digest, .. }) = state.slot(shard, block).map(|slot| &mut slot.stage) {
                    *digest = Step::Done;
                }
                state.shards[shard].next_digest += 1;
                state.shards[shard].digest = Some(taken);
            }
            Finished::Closed => {}
        }
        self.release(state);
    }

    /// Gives places to blocks whose predecessors have theirs.
    fn place(&self, state: &mut State) {
        for slot in &mut state.slots {
            let shard = &mut state.shards[slot.shard];
            if slot.block != shard.next_place || !matches!(slot.stage, Stage::Built(..)) {
                continue;
            }
            let Stage::Built(body, outcome) = mem::replace(&mut slot.stage, Stage::Building) else { continue };
            let mut parts = Parts { head: &[], body, tail: Vec::new() };
            if let Some(stream) = &mut shard.stream {
                if slot.block == 0 {
                    parts.head = stream.header();
                }
                if let Some(Body::Piece(piece, _)) = &parts.body {
                    stream.append(piece);
                }
            }
            shard.next_place += 1;
            if shard.next_place == self.job.plan.shards[slot.shard].blocks.len() {
                parts.tail = shard.stream.take().map(Stream::finish).unwrap_or_default();
            }
            let offset = shard.offset;
            // In a dry run without compression the bytes were not made, but their number is known.
            shard.offset += if parts.body.is_some() { parts.len() } else { outcome.bytes };
            shard.crc32c = parts.crc32c(shard.crc32c);
            shard.records += outcome.records;
            shard.images += outcome.images;
            shard.objects += outcome.objects;
            let step = if self.job.output.is_none() || state.refused { Step::Done } else { Step::Open };
            let parts = Arc::new(parts);
            let digest = if self.job.file_sha256 { step } else { Step::Done };
            slot.stage = Stage::Placed { parts, offset, write: step, digest, outcome };
        }
    }

    /// Lets blocks leave that are done, in plan order.
    fn release(&self, state: &mut State) {
        while let Some(slot) = state.slots.front_mut() {
            let Stage::Placed { write, digest, .. } = &mut slot.stage else { break };
            for step in [write, digest] {
                if state.refused && *step == Step::Open {
                    *step = Step::Done;
                }
            }
            if !matches!(slot.stage, Stage::Placed { write: Step::Done, digest: Step::Done, .. }) {
                break;
            }
            let Some(slot) = state.slots.pop_front() else { break };
            state.in_flight -= slot.weight;
            let Stage::Placed { parts, outcome, .. } = slot.stage else { break };
            state.total.merge(*outcome);
            if let Some(Parts { body: Some(Body::Plain(buffer)), .. }) = Arc::into_inner(parts) {
                state.keep(Some(buffer.into_vec()));
            }
            if slot.block + 1 == self.job.plan.shards[slot.shard].blocks.len() && !state.refused {
                state.whole.push(slot.shard);
            }
        }
    }
}

enum Finished {
    Built { shard: usize, block: usize, body: Option<Body>, outcome: Box<Outcome>, memory: Option<Vec<u8>> },
    Written { shard: usize, block: usize },
    Digested { shard: usize, block: usize, digest: Sha256 },
    Closed,
}

impl State {
    fn slot(&mut self, shard: usize, block: usize) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| (slot.shard, slot.block) == (shard, block))
    }

    fn keep(&mut self, memory: Option<Vec<u8>>) {
        self.spare.extend(memory.filter(|memory| memory.capacity() <= SPARE_LEN));
    }
}

/// Lets the other threads end when one panics, instead of waiting for it for ever.
struct StopOnPanic<'a> {
    line: &'a Line<'a>,
}

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let failure = ConvertError::Ledger("a thread stopped in the midst of its work".into());
            self.line.lock().failure.get_or_insert(failure);
            self.line.changed.notify_all();
        }
    }
}
