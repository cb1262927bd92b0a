//! AVIF and HEIC: HEIF (ISO/IEC 23008-12), an item in boxes (ISO/IEC 14496-12).
//!
//! ```text
//! box: length u32 (0: up to the end; 1: a u64 follows the type), type 4 letters, body                  (big-endian)
//! ftyp   brand, version, brands                    what kind of file
//! meta   version and flags u32, then boxes
//!   pitm   the primary item's number               the image, among thumbnails, tiles and alpha planes
//!   iprp   ipco: properties;  ipma: which item has which, by its place in ipco, from 1
//!            ispe  version and flags u32, width u32, height u32
//!            pixi  version and flags u32, channels u8, bits per channel u8 each
//!            irot  turns by 90 degrees against the clock;  imir  mirroring, after that
//!            auxC  version and flags u32, "urn:...:alpha" in one of its spellings: an item that is an alpha plane
//! mdat   data
//! ```

use super::Header;
use super::bytes::{array, be16, be32};
use crate::image::{ImageError, Kind};

/// Kind by the brands of `ftyp`. A file of the general brands alone is HEIF in some coding; `heic` stands for it.
pub(super) fn detect(bytes: &[u8]) -> Option<Kind> {
    let len = be32(bytes, 0)? as usize;
    if array(bytes, 4)? != *b"ftyp" || len < 16 {
        return None;
    }
    let brands = bytes.get(8..).unwrap_or_default();
    let brands = &brands[..brands.len().min(len - 8)];
    // Between the first brand and the others stands a version.
    let of = |known: &[&[u8; 4]]| {
        let mut brands = brands.chunks_exact(4).enumerate().filter(|(index, _)| *index != 1);
        brands.any(|(_, brand)| known.iter().any(|known| *known == brand))
    };
    if of(&[b"avif", b"avis"]) {
        return Some(Kind::Avif);
    }
    let heic = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1"];
    of(&heic).then_some(Kind::Heic)
}

struct Part<'a> {
    name: [u8; 4],
    body: &'a [u8],
}

/// The boxes of `bytes`. One that goes on behind the end comes as the position of its end.
fn parts(bytes: &[u8]) -> impl Iterator<Item = Result<Part<'_>, (usize, u64)>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= bytes.len() {
            return None;
        }
        let start = at;
        at = bytes.len();
        let (Some(len), Some(name)) = (be32(bytes, start), array(bytes, start + 4)) else {
            return Some(Err((start, start as u64 + 8)));
        };
        let (head, len) = match len {
            0 => (8, (bytes.len() - start) as u64),
            1 => match array(bytes, start + 8) {
                Some(len) => (16, u64::from_be_bytes(len)),
                None => return Some(Err((start, start as u64 + 16))),
            },
            len => (8, len.into()),
        };
        let end = (start as u64).saturating_add(len);
        let body = usize::try_from(end).ok().and_then(|end| bytes.get(start + head..end));
        let Some(body) = body else { return Some(Err((start, end.max((start + head) as u64)))) };
        at = start + head + body.len();
        Some(Ok(Part { name, body }))
    })
}

/// The first box `name` in `bytes`, which are themselves a box's body.
fn find<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    parts(bytes).map_while(Result::ok).find(|part| part.name == *name).map(|part| part.body)
}

pub(super) fn read(bytes: &[u8], kind: Kind) -> Result<Header, ImageError> {
    let mut meta = None;
    let mut data = false;
    for part in parts(bytes) {
        let part = part.map_err(|(start, end)| ImageError::short(kind, bytes, "box", start, end))?;
        match &part.name {
            b"meta" => meta = meta.or(part.body.get(4..)),
            b"mdat" => data = true,
            _ => {}
        }
    }
    let Some(meta) = meta else { return Err(ImageError::cut(kind, bytes, "no meta box")) };
    if !data && find(meta, b"idat").is_none() {
        return Err(ImageError::cut(kind, bytes, "no image data"));
    }
    let Some(primary) = properties(meta) else {
        return Err(ImageError::malformed(kind, 0, "no size of the primary item in its meta box"));
    };
    let (width, height) = primary.size;
    let channels = primary.channels.saturating_add(primary.alpha.into());
    let mut header = Header::new(kind, 0, width.into(), height.into(), channels, primary.depth)?;
    header.orientation = primary.orientation();
    Ok(header)
}

/// What the properties of the primary item say.
struct Primary {
    size: (u32, u32),
    channels: u8,
    depth: u8,
    alpha: bool,
    turns: u8,
    mirror: Option<u8>,
}

impl Primary {
    /// Exif's number for "turned against the clock, then mirrored": axis 0 exchanges top and bottom, 1 left and right.
    fn orientation(&self) -> u8 {
        match (self.turns, self.mirror) {
            (0, None) => 1,
            (1, None) => 8,
            (2, None) => 3,
            (_, None) => 6,
            (0, Some(0)) | (2, Some(1)) => 4,
            (0, Some(_)) | (2, Some(_)) => 2,
            (1, Some(0)) | (3, Some(1)) => 5,
            (_, Some(_)) => 7,
        }
    }
}

fn properties(meta: &[u8]) -> Option<Primary> {
    let pitm = find(meta, b"pitm")?;
    let item = if *pitm.first()? == 0 { be16(pitm, 4)?.into() } else { be32(pitm, 4)? };
    let iprp = find(meta, b"iprp")?;
    let ipco = find(iprp, b"ipco")?;
    let places = places_of(iprp, item)?;
    let mut size = None;
    let mut primary = Primary { size: (0, 0), channels: 3, depth: 8, alpha: false, turns: 0, mirror: None };
    for (index, part) in parts(ipco).map_while(Result::ok).enumerate() {
        let body = part.body;
        if part.name == *b"auxC" {
            primary.alpha |= body.windows(5).any(|five| five == b"alpha") || body.ends_with(b"auxid:1\0");
        }
        if places.binary_search(&(index + 1)).is_err() {
            continue;
        }
        match &part.name {
            b"ispe" => size = Some((be32(body, 4)?, be32(body, 8)?)),
            b"pixi" => (primary.channels, primary.depth) = ((*body.get(4)?).max(1), *body.get(5)?),
            b"irot" => primary.turns = body.first()? & 3,
            b"imir" => primary.mirror = Some(body.first()? & 1),
            _ => {}
        }
    }
    primary.size = size?;
    Some(primary)
}

/// The properties of `item`, by their places in `ipco`, from 1; sorted.
fn places_of(iprp: &[u8], item: u32) -> Option<Vec<usize>> {
    let ipma = parts(iprp).map_while(Result::ok).filter(|part| part.name == *b"ipma");
    let (list, wide) = ipma.filter_map(|part| list_of(part.body, item)).next()?;
    let mut places: Vec<_> = match wide {
        true => list.chunks_exact(2).map(|two| usize::from(two[0] & 0x7f) << 8 | usize::from(two[1])).collect(),
        false => list.iter().map(|one| usize::from(one & 0x7f)).collect(),
    };
    places.sort_unstable();
    Some(places)
}

/// The bytes that list the properties of `item`, and whether each takes two.
fn list_of(ipma: &[u8], item: u32) -> Option<(&[u8], bool)> {
    let flags = be32(ipma, 0)?;
    let (long_items, wide) = (flags >> 24 >= 1, flags & 1 == 1);
    let mut at = 8;
    for _ in 0..be32(ipma, 4)? {
        let number = if long_items { be32(ipma, at)? } else { be16(ipma, at)?.into() };
        at += if long_items { 4 } else { 2 };
        let len = usize::from(*ipma.get(at)?) << u8::from(wide);
        let list = ipma.get(at + 1..at + 1 + len)?;
        if number == item {
            return Some((list, wide));
        }
        at += 1 + len;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::header;

    fn part(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], name, body].concat()
    }

    fn ispe(width: u32, height: u32) -> Vec<u8> {
        part(b"ispe", &[[0; 4], width.to_be_bytes(), height.to_be_bytes()].concat())
    }

    /// Item 1 is a tile of 64 x 64 with property 1; item 2 is the primary one, with the others.
    fn file(brands: &[u8], more: &[Vec<u8>]) -> Vec<u8> {
        let ipco = [ispe(64, 64), ispe(700, 500), more.concat()].concat();
        let places: Vec<u8> = (2..2 + 1 + more.len() as u8).map(|place| place | 0x80).collect();
        let ipma = [&[0; 4][..], &[0, 0, 0, 2, 0, 1, 1, 0x81, 0, 2, places.len() as u8], &places].concat();
        let iprp = part(b"iprp", &[part(b"ipco", &ipco), part(b"ipma", &ipma)].concat());
        let meta = part(b"meta", &[vec![0; 4], part(b"pitm", &[0, 0, 0, 0, 0, 2]), iprp].concat());
        [part(b"ftyp", brands), meta, part(b"mdat", b"data")].concat()
    }

    #[test]
    fn brands() {
        for (brands, expected) in [
            (&b"avif\0\0\0\0mif1"[..], Some(Kind::Avif)),
            (b"mif1\0\0\0\0avif", Some(Kind::Avif)),
            (b"heic\0\0\0\0mif1", Some(Kind::Heic)),
            (b"mif1\0\0\0\0heic", Some(Kind::Heic)),
            (b"isom\0\0\0\0mp42", None),
            (b"isomavifmp42", None),
        ] {
            assert_eq!(header::detect(&part(b"ftyp", brands)), expected);
        }
    }

    #[test]
    fn the_primary_item_counts() {
        let read = |more: &[Vec<u8>]| header::read(&file(b"heic\0\0\0\0mif1", more)).unwrap();
        let header = read(&[]);
        assert_eq!((header.kind, header.width, header.height, header.channels), (Kind::Heic, 700, 500, 3));
        assert_eq!((header.orientation, header.tensorflow), (1, false));
        let header =
            read(&[part(b"pixi", &[0, 0, 0, 0, 1, 10]), part(b"auxC", b"\0\0\0\0urn:mpeg:hevc:2015:auxid:1\0")]);
        assert_eq!((header.channels, header.depth), (2, 10));
        let turned = |turns: u8, mirror: Option<u8>| {
            let mirror = mirror.map(|axis| part(b"imir", &[axis]));
            read(&[vec![part(b"irot", &[turns])], mirror.into_iter().collect()].concat()).orientation
        };
        let all: Vec<_> =
            [None, Some(0), Some(1)].into_iter().flat_map(|mirror| (0..4).map(move |turns| (turns, mirror))).collect();
        let orientations: Vec<_> = all.into_iter().map(|(turns, mirror)| turned(turns, mirror)).collect();
        assert_eq!(orientations, [1, 8, 3, 6, 4, 5, 2, 7, 2, 7, 4, 5]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let text = |bytes: &[u8]| header::read(bytes).unwrap_err().to_string();
        let whole = file(b"avif\0\0\0\0mif1", &[]);
        let len = whole.len();
        assert_eq!(
            text(&whole[..len - 1]),
            format!("avif is cut off: box from byte {} to {len}, the file has {} bytes", len - 12, len - 1)
        );
        assert_eq!(text(&whole[..len - 12]), format!("avif is cut off: no image data in its {} bytes", len - 12));
        assert_eq!(text(&whole[..20]), "avif is cut off: no meta box in its 20 bytes");
        let empty = [&whole[..20], &part(b"meta", &[0; 4]), &part(b"mdat", b"")].concat();
        assert_eq!(text(&empty), "avif is damaged at byte 0: no size of the primary item in its meta box");
    }
}
