//! Masks as Label Studio packs them.
//!
//! ```text
//! 32 bits  number of values: width * height * 4, as RGBA
//!  5 bits  bits per value, less 1
//!  4 bits  four times: bits of a run's length, less 1
//! then runs: 1 bit whether one value is repeated, 2 bits which of the four, the length less 1, one value or that many
//! ```
//!
//! Source: `decode_rle` of label-studio-sdk, `label_studio_sdk/converter/brush.py`. The alpha is the mask.

use crate::dataset::Mask;
use crate::formats::json::node::Node;
use crate::formats::text::Fault;
use crate::formats::{bitmap, geometry};

/// Alpha beyond which a pixel is set.
const SET: u32 = 127;

/// The mask of a value with `rle`, in an image of this size.
pub(super) fn mask(value: &Node<'_>, size: (u32, u32)) -> Result<Mask, Fault> {
    let fault = |message: String| Fault::new(value.line, message);
    let mut bytes = Vec::new();
    for number in value.get("rle").map_or(&[][..], Node::items) {
        let byte = number.as_whole().and_then(|byte| u8::try_from(byte).ok());
        bytes.push(byte.ok_or_else(|| Fault::new(number.line, "rle is not a list of bytes"))?);
    }
    let mut bits = Bits { bytes: &bytes, at: 0 };
    let pixels = u64::from(size.0) * u64::from(size.1);
    let alphas = alphas(&mut bits, pixels).map_err(fault)?;
    let is_set = |x: u32, y: u32| {
        let at = u64::from(y) * u64::from(size.0) + u64::from(x);
        alphas.get(at as usize).copied().unwrap_or(false)
    };
    geometry::mask_of_crop([size.0, size.1], [0, 0], [size.0, size.1], is_set)
        .map_err(|fault| Fault { line: value.line, ..fault })
}

/// Whether each pixel is set, row by row.
fn alphas(bits: &mut Bits<'_>, pixels: u64) -> Result<Vec<bool>, String> {
    let early = || "the mask ends too early".to_owned();
    let count = u64::from(bits.take(32).ok_or_else(early)?);
    if pixels > geometry::PIXELS || count != pixels * 4 {
        return Err(format!("a mask of {count} values for {pixels} pixels of four"));
    }
    let word = bits.take(5).ok_or_else(early)? + 1;
    let mut sizes = [0; 4];
    for size in &mut sizes {
        *size = bits.take(4).ok_or_else(early)? + 1;
    }
    let mut alphas = Vec::new();
    let mut at = 0;
    while at < count {
        let repeated = bits.take(1).ok_or_else(early)? == 1;
        let size = sizes[bits.take(2).ok_or_else(early)? as usize];
        let end = (at + 1 + u64::from(bits.take(size).ok_or_else(early)?)).min(count);
        let mut value = if repeated { bits.take(word).ok_or_else(early)? } else { 0 };
        for place in at..end {
            if !repeated {
                value = bits.take(word).ok_or_else(early)?;
            }
            if place % 4 == 3 {
                alphas.push(value > SET);
            }
        }
        at = end;
    }
    Ok(alphas)
}

/// Bits of a run's length, of four sizes, as label-studio-sdk packs masks.
const SIZES: [u32; 4] = [3, 4, 8, 16];

/// The bytes of `rle` for a mask: all four values of a pixel are 255 where it is set.
pub(super) fn packed(mask: &Mask) -> Vec<u8> {
    let mut bits = Packing::default();
    bits.put(mask.width.saturating_mul(mask.height).saturating_mul(4), 32);
    bits.put(8 - 1, 5);
    SIZES.iter().for_each(|size| bits.put(size - 1, 4));
    let mut value = 0;
    for run in bitmap::row_runs(&bitmap::whole(mask)) {
        let mut rest = u64::from(run) * 4;
        while rest > 0 {
            let length = rest.min(1 << SIZES[3]) as u32;
            let size = SIZES.iter().position(|size| length <= 1 << size).unwrap_or(3);
            bits.put(1, 1);
            bits.put(size as u32, 2);
            bits.put(length - 1, SIZES[size]);
            bits.put(value, 8);
            rest -= u64::from(length);
        }
        value = 255 - value;
    }
    bits.bytes
}

#[derive(Default)]
struct Packing {
    bytes: Vec<u8>,
    used: u32,
}

impl Packing {
    /// Adds the lowest `count` bits, the highest first.
    fn put(&mut self, value: u32, count: u32) {
        for place in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (value >> place & 1) as u8;
            self.bytes.last_mut().into_iter().for_each(|byte| *byte |= bit << (7 - self.used % 8));
            self.used = (self.used + 1) % 8;
        }
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next bits as a number; at most 32.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0u64;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value as u32)
    }
}
