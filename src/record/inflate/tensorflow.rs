//! Decompression that stops where TensorFlow's does.
//!
//! TensorFlow (`tsl/lib/io/zlib_inputstream.cc`, read at commit 0866b7a) has 256 KiB of input and as much of output,
//! and takes one step at a time: inflate into the empty output; if that gave nothing, read more input, and if there
//! is none, call it the end of the file, whatever state the stream is in. From that follow, all without an error:
//! a missing trailer is no matter; after an *empty* GZIP member, or one whose last 8 bytes came with a later read
//! than its data, what is still in the input is given up when the file has nothing more to read; after a ZLIB stream
//! nothing is read. A step that fails gives nothing of what it had made.

use std::io::{self, Read};

use zlib_rs::{Inflate, InflateFlush, Status};

use super::{Compression, Stop, new_inflate, read_some, words};

/// `ZlibCompressionOptions::input_buffer_size` and `output_buffer_size`.
const BUFFER_LEN: usize = 256 << 10;

pub(in crate::record) struct Inflater {
    compression: Compression,
    inflate: Inflate,
    head: Vec<u8>,
    input: Vec<u8>,
    in_start: usize,
    in_end: usize,
    output: Vec<u8>,
    out_start: usize,
    out_end: usize,
}

impl Inflater {
    /// `head` is what was already read of the file. It goes through the same buffer in the same portions as if it had
    /// not been.
    pub(in crate::record) fn new(compression: Compression, head: &[u8]) -> Self {
        Self {
            compression,
            inflate: new_inflate(compression),
            head: head.to_vec(),
            input: vec![0; BUFFER_LEN],
            in_start: 0,
            in_end: 0,
            output: vec![0; BUFFER_LEN],
            out_start: 0,
            out_end: 0,
        }
    }

    /// Some bytes; 0 at what TensorFlow takes for the end.
    pub(super) fn read(&mut self, inner: &mut impl Read, out: &mut [u8]) -> Result<usize, Stop> {
        while self.out_start == self.out_end {
            self.step()?;
            if self.out_start == self.out_end && !self.refill(inner)? {
                return Ok(0);
            }
        }
        let ready = &self.output[self.out_start..self.out_end];
        let len = ready.len().min(out.len());
        out[..len].copy_from_slice(&ready[..len]);
        self.out_start += len;
        Ok(len)
    }

    fn step(&mut self) -> Result<(), Stop> {
        let (used, made) = (self.inflate.total_in(), self.inflate.total_out());
        let input = &self.input[self.in_start..self.in_end];
        let status = match self.inflate.decompress(input, &mut self.output, InflateFlush::NoFlush) {
            Ok(status) => status,
            Err(error) => return Err(Stop::Stream(words(&self.inflate, error))),
        };
        self.in_start += (self.inflate.total_in() - used) as usize;
        self.out_start = 0;
        self.out_end = (self.inflate.total_out() - made) as usize;
        if status == Status::StreamEnd && self.compression == Compression::Gzip {
            self.inflate = new_inflate(self.compression);
        }
        Ok(())
    }

    /// Fills the input up. Whether anything came.
    fn refill(&mut self, inner: &mut impl Read) -> io::Result<bool> {
        self.input.copy_within(self.in_start..self.in_end, 0);
        self.in_end -= self.in_start;
        self.in_start = 0;
        let before = self.in_end;
        let from_head = self.head.len().min(self.input.len() - self.in_end);
        self.input[self.in_end..][..from_head].copy_from_slice(&self.head[..from_head]);
        self.head.drain(..from_head);
        self.in_end += from_head;
        while self.in_end < self.input.len() {
            match read_some(inner, &mut self.input[self.in_end..])? {
                0 => break,
                read => self.in_end += read,
            }
        }
        Ok(self.in_end > before)
    }
}
