//! Pictures whose pixels are numbers: of a class, of an instance, or a colour that stands for one of them.
//!
//! A gray PNG says its samples, whatever their depth, one with a palette its places in that, any other its colours as
//! `0xRRGGBB`. What is said of each pixel becomes one [`Mask`] per value, and masks are painted into such a picture.

use std::collections::BTreeMap;
use std::io::Cursor;

use png::{BitDepth, ColorType, Transformations};

use super::text::Fault;
use super::tree::{FileId, Tree};
use crate::dataset::{Mask, Place, ProblemKind, Problems};
use crate::image::runs;

/// Size of a picture that is still read.
const LIMIT: u64 = 1 << 30;
/// Pixels of a picture that are looked at.
const PIXELS: u64 = 1 << 27;
/// Values of a picture; one with more is a photo.
const VALUES: usize = 1 << 16;

/// What the values of a picture are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Samples of gray.
    Gray,
    /// Places in a palette.
    Indexed(Vec<u32>),
    /// Colours.
    Colour,
}

/// A picture of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelImage {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// A number per pixel, row by row.
    pub values: Vec<u32>,
    /// What they are.
    pub kind: Kind,
}

/// `0xRRGGBB`
pub fn colour([red, green, blue]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, red, green, blue])
}

/// The picture in a file.
pub fn open(tree: &Tree, file: FileId) -> Result<LabelImage, Fault> {
    let bytes = tree.read(file, LIMIT).map_err(|error| Fault::new(0, error.to_string()))?;
    read(&bytes)
}

/// Says of the picture at `path` that its masks are left out, of objects that have boxes without it. Who reads boxes alone does not
/// open it. Where pictures are all that tells of objects, one that cannot be read is an error, and everyone reads it.
pub fn say_unread(path: &str, fault: &Fault, problems: &mut Problems) {
    problems.push(ProblemKind::BadMask, Place::file(path), format!("its masks are left out: {}", fault.message));
}

/// Reads a PNG.
pub fn read(bytes: &[u8]) -> Result<LabelImage, Fault> {
    let fault = |error: png::DecodingError| Fault::new(0, format!("no PNG: {error}").trim_end_matches('.'));
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(fault)?;
    let (width, height) = reader.info().size();
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(Fault::new(0, format!("a mask of {width}x{height} pixels is too large")));
    }
    let palette: Vec<u32> = reader
        .info()
        .palette
        .as_deref()
        .map_or(&[][..], |palette| palette.as_chunks().0)
        .iter()
        .copied()
        .map(colour)
        .collect();
    let size = reader.output_buffer_size().ok_or_else(|| Fault::new(0, "the mask is too large"))?;
    let mut buffer = vec![0; size];
    let frame = reader.next_frame(&mut buffer).map_err(fault)?;
    let line = frame.line_size.max(1);
    let lines = buffer.get(..frame.buffer_size()).unwrap_or_default().chunks_exact(line);
    let samples = frame.color_type.samples();
    let mut values = Vec::with_capacity(width as usize * height as usize);
    for line in lines {
        match (frame.color_type, frame.bit_depth) {
            (ColorType::Grayscale | ColorType::Indexed, BitDepth::Eight) => {
                values.extend(line.iter().take(width as usize).copied().map(u32::from));
            }
            (ColorType::Grayscale | ColorType::GrayscaleAlpha, BitDepth::Sixteen) => {
                let pixels = line.chunks_exact(2 * samples).take(width as usize);
                values.extend(pixels.map(|pixel| u32::from(u16::from_be_bytes([pixel[0], pixel[1]]))));
            }
            (ColorType::GrayscaleAlpha, _) => values.extend(line.chunks_exact(2).map(|pixel| u32::from(pixel[0]))),
            (ColorType::Grayscale | ColorType::Indexed, depth) => {
                let bits = depth as usize;
                let sample = |place: usize| {
                    let bit = place * bits;
                    line.get(bit / 8).map_or(0, |byte| byte >> (8 - bits - bit % 8) & ((1 << bits) - 1))
                };
                values.extend((0..width as usize).map(|place| u32::from(sample(place))));
            }
            (ColorType::Rgb | ColorType::Rgba, depth) => {
                let step = if depth == BitDepth::Sixteen { 2 } else { 1 };
                values.extend(line.chunks_exact(samples * step).take(width as usize).map(|pixel| {
                    let seen = samples < 4 || pixel[3 * step] > 0;
                    if seen { colour([pixel[0], pixel[step], pixel[2 * step]]) } else { 0 }
                }));
            }
        }
    }
    if values.len() as u64 != u64::from(width) * u64::from(height) {
        return Err(Fault::new(0, "no PNG: it has not the pixels that it says"));
    }
    let kind = match frame.color_type {
        ColorType::Indexed => Kind::Indexed(palette),
        ColorType::Grayscale | ColorType::GrayscaleAlpha => Kind::Gray,
        ColorType::Rgb | ColorType::Rgba => Kind::Colour,
    };
    Ok(LabelImage { width, height, values, kind })
}

impl LabelImage {
    /// The mask of each value.
    pub fn masks(&self) -> Result<BTreeMap<u32, Mask>, Fault> {
        masks(self.width, self.height, &self.values)
    }

    /// The mask of each pair of a value of this picture and one of `other`.
    pub fn masks_with(&self, other: &Self) -> Result<BTreeMap<(u32, u32), Mask>, Fault> {
        if (self.width, self.height) != (other.width, other.height) {
            let (width, height) = (other.width, other.height);
            return Err(Fault::new(0, format!("{}x{} pixels, of instances {width}x{height}", self.width, self.height)));
        }
        let mut known: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        let mut last = None;
        let mut numbers = Vec::with_capacity(self.values.len());
        for pair in self.values.iter().copied().zip(other.values.iter().copied()) {
            let number = match last {
                Some((before, number)) if before == pair => number,
                _ => {
                    let next = known.len() as u32;
                    if next as usize > VALUES {
                        return Err(too_many());
                    }
                    *known.entry(pair).or_insert(next)
                }
            };
            last = Some((pair, number));
            numbers.push(number);
        }
        let mut masks = masks(self.width, self.height, &numbers)?;
        Ok(known.into_iter().filter_map(|(pair, number)| Some((pair, masks.remove(&number)?))).collect())
    }
}

fn too_many() -> Fault {
    Fault::new(0, format!("more than {VALUES} values: this is a photo, no mask"))
}

/// The mask of each value of a picture.
fn masks(width: u32, height: u32, values: &[u32]) -> Result<BTreeMap<u32, Mask>, Fault> {
    // Runs of each value, and up to where they go.
    let mut found: BTreeMap<u32, (Vec<u32>, u64)> = BTreeMap::new();
    let mut say = |value: u32, start: u64, end: u64| {
        if found.len() >= VALUES && !found.contains_key(&value) {
            return Err(too_many());
        }
        let (runs, said) = found.entry(value).or_default();
        runs.extend([(start - *said) as u32, (end - start) as u32]);
        *said = end;
        Ok(())
    };
    let (wide, high) = (width as usize, height as usize);
    let mut run: Option<(u32, u64)> = None;
    let mut at = 0u64;
    for x in 0..wide {
        for y in 0..high {
            let value = values.get(y * wide + x).copied().unwrap_or(0);
            match run {
                Some((before, _)) if before == value => {}
                Some((before, start)) => {
                    say(before, start, at)?;
                    run = Some((value, at));
                }
                None => run = Some((value, at)),
            }
            at += 1;
        }
    }
    if let Some((value, start)) = run {
        say(value, start, at)?;
    }
    let whole = |(value, (mut runs, said)): (u32, (Vec<u32>, u64))| {
        if said < at {
            runs.push((at - said) as u32);
        }
        (value, Mask { width, height, runs: runs.into() })
    };
    Ok(found.into_iter().map(whole).collect())
}

/// A picture that masks are painted into; 0 where there is none.
#[derive(Clone, Debug)]
pub struct Canvas {
    width: u32,
    height: u32,
    values: Vec<u32>,
}

impl Canvas {
    /// A picture of zeros.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, values: vec![0; width as usize * height as usize] }
    }

    /// A picture of masks of its size with their values, the largest painted first; and how many lie over another.
    pub fn painted<'m>(width: u32, height: u32, masks: impl IntoIterator<Item = (&'m Mask, u32)>) -> (Self, u64) {
        let mut masks: Vec<_> = masks.into_iter().collect();
        masks.sort_by_key(|(mask, _)| std::cmp::Reverse(runs::area(&mask.runs)));
        let mut canvas = Self::new(width, height);
        let covering = masks.into_iter().filter(|(mask, value)| canvas.paint(mask, *value) > 0).count() as u64;
        (canvas, covering)
    }

    /// Paints a mask of the picture's size; gives the pixels that had the value of another before.
    pub fn paint(&mut self, mask: &Mask, value: u32) -> u64 {
        let (wide, high) = (self.width as usize, (self.height as usize).max(1));
        let (mut start, mut covered) = (0usize, 0);
        for (place, run) in mask.runs.iter().enumerate() {
            let end = start.saturating_add(*run as usize);
            if place % 2 == 1 {
                for at in start..end {
                    if let Some(pixel) = self.values.get_mut(at % high * wide + at / high) {
                        covered += u64::from(*pixel != 0 && *pixel != value);
                        *pixel = value;
                    }
                }
            }
            start = end;
        }
        covered
    }

    /// The mask of each value that is seen.
    pub fn masks(&self) -> BTreeMap<u32, Mask> {
        masks(self.width, self.height, &self.values).unwrap_or_default()
    }

    /// The value of each pixel, row by row.
    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// Puts another value in the place of each.
    pub fn change(&mut self, to: impl Fn(u32) -> u32) {
        self.values.iter_mut().for_each(|value| *value = to(*value));
    }

    /// A gray PNG: of 8 bits where all values fit, else of 16.
    pub fn to_gray(&self) -> Vec<u8> {
        match self.values.iter().all(|value| *value <= 255) {
            true => self.encoded(ColorType::Grayscale, BitDepth::Eight, None, |value| [value as u8]),
            false => self.encoded(ColorType::Grayscale, BitDepth::Sixteen, None, |value| (value as u16).to_be_bytes()),
        }
    }

    /// A PNG whose values are places in a palette.
    pub fn to_indexed(&self, palette: &[[u8; 3]]) -> Vec<u8> {
        let palette = Some(palette.as_flattened());
        self.encoded(ColorType::Indexed, BitDepth::Eight, palette, |value| [value as u8])
    }

    /// A PNG whose values are colours.
    pub fn to_colour(&self) -> Vec<u8> {
        self.encoded(ColorType::Rgb, BitDepth::Eight, None, |value| {
            let [_, red, green, blue] = value.to_be_bytes();
            [red, green, blue]
        })
    }

    fn encoded<const N: usize>(
        &self,
        kind: ColorType,
        depth: BitDepth,
        palette: Option<&[u8]>,
        bytes_of: impl Fn(u32) -> [u8; N],
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(kind);
        encoder.set_depth(depth);
        if let Some(palette) = palette {
            encoder.set_palette(palette);
        }
        let samples: Vec<u8> = self.values.iter().flat_map(|value| bytes_of(*value)).collect();
        // Into memory, with as many samples as there are pixels, nothing can fail.
        if let Ok(mut writer) = encoder.write_header() {
            writer.write_image_data(&samples).ok();
        }
        bytes
    }
}

/// The colour that the VOC challenge gives to a number: its bits, three at a time, from the top of red, green and blue down.
pub fn voc_colour(number: u32) -> [u8; 3] {
    let mut colour = [0u8; 3];
    for group in 0..8 {
        for (channel, side) in colour.iter_mut().enumerate() {
            *side |= ((number >> (3 * group + channel as u32) & 1) as u8) << (7 - group);
        }
    }
    colour
}

/// The number that the VOC challenge gives a colour to.
pub fn voc_number(colour: u32) -> u32 {
    let [_, sides @ ..] = colour.to_be_bytes();
    let bit = |group: u32, channel: u32| u32::from(sides[channel as usize] >> (7 - group) & 1) << (3 * group + channel);
    (0..8).flat_map(|group| (0..3).map(move |channel| bit(group, channel))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted() -> Canvas {
        let mut canvas = Canvas::new(3, 2);
        // Column 0, and the lower pixel of column 2.
        assert_eq!(canvas.paint(&Mask { width: 3, height: 2, runs: [0, 2, 4].into() }, 1), 0);
        assert_eq!(canvas.paint(&Mask { width: 3, height: 2, runs: [1, 1, 3, 1].into() }, 2), 1);
        assert_eq!(canvas.values, [1, 0, 0, 2, 0, 2]);
        canvas
    }

    #[test]
    fn pictures_come_back() {
        let canvas = painted();
        let palette = [0, 1, 2].map(voc_colour);
        for (png, kind) in [
            (canvas.to_gray(), Kind::Gray),
            (canvas.to_indexed(&palette), Kind::Indexed(vec![0, 0x80_0000, 0x00_8000])),
            (canvas.to_colour(), Kind::Colour),
        ] {
            let picture = read(&png).expect("a PNG");
            assert_eq!((picture.width, picture.height, &picture.values, &picture.kind), (3, 2, &canvas.values, &kind));
            let masks = picture.masks().expect("few");
            let runs: Vec<(u32, &[u32])> = masks.iter().map(|(value, mask)| (*value, &*mask.runs)).collect();
            assert_eq!(runs, [(0, &[2, 3, 1][..]), (1, &[0, 1, 5]), (2, &[1, 1, 3, 1])]);
            for end in 0..png.len() {
                read(&png[..end]).ok();
            }
        }
        let mut deep = canvas;
        deep.paint(&Mask { width: 3, height: 2, runs: [5, 1].into() }, 300);
        assert_eq!(read(&deep.to_gray()).expect("a PNG").values, [1, 0, 0, 2, 0, 300]);
    }

    #[test]
    fn pairs_are_told_apart() {
        let picture = |values: [u32; 4]| LabelImage { width: 2, height: 2, values: values.into(), kind: Kind::Gray };
        let (classes, instances) = (picture([1, 1, 1, 0]), picture([1, 2, 1, 0]));
        let masks = classes.masks_with(&instances).expect("few");
        let runs: Vec<((u32, u32), &[u32])> = masks.iter().map(|(pair, mask)| (*pair, &*mask.runs)).collect();
        assert_eq!(runs, [((0, 0), &[3, 1][..]), ((1, 1), &[0, 2, 2]), ((1, 2), &[2, 1, 1])]);
        let other = LabelImage { width: 1, height: 1, values: vec![0], kind: Kind::Gray };
        assert_eq!(classes.masks_with(&other).unwrap_err().message, "2x2 pixels, of instances 1x1");
    }

    #[test]
    fn colours_of_voc() {
        let wanted = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128]];
        assert_eq!([0, 1, 2, 3, 4].map(voc_colour), wanted);
        assert_eq!((voc_colour(20), voc_colour(255)), ([0, 64, 128], [224, 224, 192]));
        assert!((0..4096).all(|number| voc_number(colour(voc_colour(number))) == number));
    }
}
