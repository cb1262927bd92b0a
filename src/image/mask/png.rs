//! Masks as PNG, the form that the Object Detection API reads: 8 bit gray, 1 where the mask is (1 bit would be read as 255).
//!
//! Idea: the picture is never drawn. A row of a PNG is a byte that says how it is filtered, here 0, and its pixels; so the whole
//! is runs of 0 and 1, of which [`deflate`] makes the compressed stream. Their Adler-32 is a sum over the
//! runs: its lower half counts the ones, its upper half counts each of them once for every byte from it to the end.
//!
//! Source: PNG (third edition) 5.2, 5.6, 9.2, 11.2; RFC 1950 2.2.

use super::MaskError;
use super::deflate::deflate;
use super::rows::Rows;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// The largest prime below 2^16.
const ADLER: u64 = 65_521;

/// Puts the PNG of a mask of this size, of at most [`PIXELS`](super::PIXELS), behind what `out` has.
pub fn write(runs: &[u32], size @ [width, height]: [u32; 2], out: &mut Vec<u8>) -> Result<(), MaskError> {
    let rows = Rows::new(runs, size)?;
    let line = width + 1;
    let bytes = u64::from(line) * u64::from(height);
    let mut lengths: Vec<u32> = Vec::with_capacity(2 * height as usize + 1);
    let (mut last, mut ones, mut sums) = (0, 0u64, bytes % ADLER);
    rows.each(|row, from, to| {
        let [start, end] = [row * line + 1 + from, row * line + 1 + to];
        lengths.extend([start - last, end - start]);
        last = end;
        let (start, end) = (u64::from(start), u64::from(end));
        ones += end - start;
        sums = (sums + (end - start) * (2 * bytes - start - end + 1) / 2) % ADLER;
    });
    lengths.extend(Some(bytes as u32 - last).filter(|rest| *rest > 0));
    out.extend(SIGNATURE);
    let mut header = [0; 13];
    header[..4].copy_from_slice(&width.to_be_bytes());
    header[4..8].copy_from_slice(&height.to_be_bytes());
    header[8] = 8;
    chunk(*b"IHDR", out, |out| out.extend(header));
    chunk(*b"IDAT", out, |out| {
        // Deflate with a window of 32 KB, the fastest way.
        out.extend([0x78, 0x01]);
        deflate(&lengths, out);
        out.extend((((sums << 16) | ((1 + ones) % ADLER)) as u32).to_be_bytes());
    });
    chunk(*b"IEND", out, |_| ());
    Ok(())
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
