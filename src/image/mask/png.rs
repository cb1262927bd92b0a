//! Masks as PNG, the form that the Object Detection API reads: 8 bit gray, 1 where the mask is (1 bit would be read as 255).
//!
//! Idea: the picture is never drawn. A row of a PNG is a byte that says how it is filtered, here 0, and its pixels; so the whole
//! is runs of 0 and 1, of which `deflate` makes the compressed stream. Their Adler-32 is a sum over the
//! runs: its lower half counts the ones, its upper half counts each of them once for every byte from it to the end.
//!
//! Source: PNG (third edition) 5.2, 5.6, 9.2, 11.2; RFC 1950 2.2.

use super::MaskError;
use super::deflate::{Piece, deflate, distance};
use super::rows::Rows;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// The largest prime below 2^16.
const ADLER: u64 = 65_521;

/// Puts the PNG of a mask of this size, of at most [`PIXELS`](super::PIXELS), behind what `out` has.
pub fn write(runs: &[u32], size @ [width, height]: [u32; 2], out: &mut Vec<u8>) -> Result<(), MaskError> {
    let rows = Rows::new(runs, size)?;
    let line = width + 1;
    let bytes = u64::from(line) * u64::from(height);
    let mut stream = Stream { line, bytes, pieces: Vec::with_capacity(256), last: 0, ones: 0, sums: bytes % ADLER };
    let mut changes = rows.changes().enumerate().peekable();
    while let Some((row, here)) = changes.next() {
        if here.is_empty() {
            continue;
        }
        let mut same = 0;
        // One by one: most rows have two changes, for which `memcmp` is too much.
        while changes.next_if(|(_, below)| below.len() == here.len() && below.iter().eq(here)).is_some() {
            same += 1;
        }
        stream.rows(row as u32, same, rows.runs(here));
    }
    stream.run(0, bytes as u32);
    let Stream { pieces, ones, sums, .. } = stream;
    out.extend(SIGNATURE);
    let mut header = [0; 13];
    header[..4].copy_from_slice(&width.to_be_bytes());
    header[4..8].copy_from_slice(&height.to_be_bytes());
    header[8] = 8;
    chunk(*b"IHDR", out, |out| out.extend(header));
    chunk(*b"IDAT", out, |out| {
        // Deflate with a window of 32 KB, the fastest way.
        out.extend([0x78, 0x01]);
        deflate(&pieces, line, out);
        out.extend((((sums << 16) | ((1 + ones) % ADLER)) as u32).to_be_bytes());
    });
    chunk(*b"IEND", out, |_| ());
    Ok(())
}

/// What is to be compressed, from above.
struct Stream {
    /// Bytes of a row, and of all.
    line: u32,
    bytes: u64,
    pieces: Vec<Piece>,
    /// Up to where there are pieces.
    last: u32,
    /// How many bytes are 1, and the upper half of the Adler-32.
    ones: u64,
    sums: u64,
}

impl Stream {
    /// A row and as many more of the `same` below it.
    fn rows(&mut self, row: u32, same: u32, runs: impl Iterator<Item = [u32; 2]> + Clone) {
        let start = row * self.line + 1;
        let place = |below: u32, column: u32| start + below * self.line + column;
        let (mut count, mut ends) = (0u64, None);
        for [from, to] in runs.clone() {
            count += 1;
            ends = Some((ends.map_or(from, |(first, _)| first), to));
        }
        // Of the rows below all from the first 1 to the last 1 is as above, if that takes fewer bits: about so many.
        let copied = ends.and_then(|(first, last)| {
            let (from, to) = (place(1, first), place(same, last));
            let (_, _, extra) = distance(self.line).filter(|_| to >= from + 3)?;
            let bits = (u64::from(to - from) / 258 + 2) * (3 + u64::from(extra));
            (bits < u64::from(same) * (16 * count + u64::from(self.line) / 86)).then_some((from, to))
        });
        let drawn = if copied.is_some() { 0 } else { same };
        for below in 0..=drawn {
            let start = start + below * self.line;
            for [from, to] in runs.clone() {
                self.run(0, start + from);
                self.run(1, start + to);
            }
        }
        if let Some((from, to)) = copied {
            self.run(0, from);
            self.pieces.push(Piece::Line(to - from));
            self.last = to;
        }
        for [from, to] in runs.clone() {
            let (from, to) = (u64::from(start + from), u64::from(start + to));
            let (count, rows) = (to - from, u64::from(same) + 1);
            self.ones += count * rows;
            // Each byte of row `n` below counts once for every byte from it to the end, `n * line` fewer than in this row.
            let first = count * (2 * self.bytes - from - to + 1) / 2 % ADLER;
            let fewer = count * u64::from(self.line) % ADLER * (rows * (rows - 1) / 2 % ADLER);
            self.sums = (self.sums + first * (rows % ADLER) + ADLER * ADLER - fewer) % ADLER;
        }
    }

    /// Bytes up to a place.
    fn run(&mut self, byte: u8, end: u32) {
        if self.last < end {
            self.pieces.push(Piece::Run(byte, end - self.last));
            self.last = end;
        }
    }
}

fn chunk(kind: [u8; 4], out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 4]);
    out.extend(kind);
    fill(out);
    let length = (out.len() - start - 8) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    let sum = crc32fast::hash(&out[start + 4..]);
    out.extend(sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::mask::dense::to_dense;

    /// What the PNG decoder finds, which checks all sums.
    fn decoded(bytes: &[u8]) -> ([u32; 2], Vec<u8>) {
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        let frame = reader.next_frame(&mut pixels).expect("whole");
        reader.finish().expect("nothing behind it");
        assert_eq!((frame.color_type, frame.bit_depth), (::png::ColorType::Grayscale, ::png::BitDepth::Eight));
        ([frame.width, frame.height], pixels)
    }

    fn check(runs: &[u32], size: [u32; 2]) {
        let (mut bytes, mut pixels) = (vec![1, 2, 3], Vec::<u8>::new());
        write(runs, size, &mut bytes).unwrap();
        to_dense(runs, size, &mut pixels).unwrap();
        assert_eq!(bytes[..3], [1, 2, 3]);
        let (found, values) = decoded(&bytes[3..]);
        assert_eq!(found, size);
        assert!(values == pixels);
    }

    #[test]
    fn pictures() {
        check(&[2, 3, 2, 1, 1, 2, 1], [4, 3]);
        check(&[1], [1, 1]);
        check(&[0, 1], [1, 1]);
        check(&[307_200], [640, 480]);
        check(&[0, 307_200], [640, 480]);
        check(&[0, 4_000_000], [4_000_000, 1]);
        check(&[1, 3_999_999], [1, 4_000_000]);
        // Nothing but changes.
        check(&vec![1; 1 << 16], [256, 256]);
        check(&vec![1; 255 * 255], [255, 255]);
        // Rows that are like the one above: lines down, in images of each width; in one that is wider than a copy reaches.
        for width in (1..300).chain([32_766, 32_767, 32_768]) {
            let lines = vec![9; 2 * width as usize];
            check(&[&[2][..], &lines, &[16]].concat(), [width + 1, 18]);
        }
        let mut out = Vec::new();
        assert_eq!(write(&[], [0, 1], &mut out), Err(MaskError::Size(0, 1)));
        assert_eq!(write(&[5], [2, 3], &mut out), Err(MaskError::Pixels(5, 6)));
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn any_mask(runs in prop::collection::vec(prop_oneof![0u32..5, 0u32..300, 0u32..9000], 1..60), height in 1u32..200) {
            let mut runs = runs;
            let rest = runs.iter().sum::<u32>() % height;
            *runs.last_mut().unwrap() += height - rest;
            let width = runs.iter().sum::<u32>() / height;
            check(&runs, [width, height]);
        }
    }
}
