//! Annotations without their polygons, for those who want the boxes alone: nearly all bytes of a COCO file are coordinates,
//! and to find where they end takes a tenth of the time that a JSON parser needs to look at each.
//!
//! Passed over is a `segmentation` that is a list of nothing but numbers, whose commas nobody counts then. Everything else is
//! left to the parser: masks, and whatever is no list of polygons.

use memchr::memmem::Finder;

/// Passes over outlines.
pub struct Skipper {
    name: Finder<'static>,
    room: Vec<u8>,
}

impl Skipper {
    pub fn new() -> Self {
        Self { name: Finder::new(b"\"segmentation\""), room: Vec::new() }
    }

    /// `piece`, an annotation, with `[0]` for each list of polygons, and `[]` for an empty one.
    pub fn without_outlines<'a>(&'a mut self, piece: &'a [u8]) -> &'a [u8] {
        self.room.clear();
        let (mut at, mut copied) = (0, 0);
        // Where these letters are in a string, a backslash is before their last quote; so this is a name wherever a
        // colon follows.
        while let Some(found) = self.name.find(&piece[at..]) {
            at += found + self.name.needle().len();
            let Some(start) = after_colon(piece, at) else { continue };
            let Some(end) = list_of_numbers(piece, start) else { continue };
            let empty = piece[start + 1..end - 1].iter().all(u8::is_ascii_whitespace);
            self.room.extend_from_slice(&piece[copied..start]);
            self.room.extend_from_slice(if empty { b"[]" } else { b"[0]" });
            (at, copied) = (end, end);
        }
        if copied == 0 {
            return piece;
        }
        self.room.extend_from_slice(&piece[copied..]);
        &self.room
    }
}

/// Where the value starts whose name ends at `at`.
fn after_colon(piece: &[u8], at: usize) -> Option<usize> {
    let blanks = |at: usize| piece[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let colon = at + blanks(at);
    if piece.get(colon) != Some(&b':') {
        return None;
    }
    Some(colon + 1 + blanks(colon + 1))
}

/// The end of the list at `start`, if there are numbers and lists of them in it and nothing else.
fn list_of_numbers(piece: &[u8], start: usize) -> Option<usize> {
    if piece.get(start) != Some(&b'[') {
        return None;
    }
    let (mut at, mut depth) = (start, 0u32);
    loop {
        at += memchr::memchr3(b'[', b']', b'"', piece.get(at..)?)?;
        match piece[at] {
            b'[' => depth += 1,
            b']' => depth -= 1,
            _ => return None,
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    // Without a branch in between, for the compiler to take many at once.
    let other = |byte: &u8| {
        let number = byte.wrapping_sub(b'+') < 15 || *byte | 0x20 == b'e';
        let between = *byte == b'[' || *byte == b']' || byte.wrapping_sub(b'\t') < 5 || *byte == b' ';
        u32::from(!(number | between))
    };
    let others: u32 = piece[start..at].chunks(4096).map(|chunk| chunk.iter().map(other).sum::<u32>()).sum();
    (others == 0).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polygons_are_passed_over() {
        let mut skipper = Skipper::new();
        let mut of =
            |piece: &'static str| String::from_utf8(skipper.without_outlines(piece.as_bytes()).to_vec()).unwrap();
        for (piece, expected) in [
            (r#"{"segmentation": [[1.5,-2e3], [3,4]], "id": 7}"#, r#"{"segmentation": [0], "id": 7}"#),
            (
                "{\"a\":[1],\"segmentation\"\n:\t[ ] ,\"segmentation\":[[]]}",
                "{\"a\":[1],\"segmentation\"\n:\t[] ,\"segmentation\":[0]}",
            ),
        ] {
            assert_eq!(of(piece), expected);
        }
        for left in [
            r#"{"segmentation": {"counts": [1, 2], "size": [1, 3]}}"#,
            r#"{"segmentation": [[1, "2"]]}"#,
            r#"{"segmentation": [[1, x]]}"#,
            r#"{"segmentation": [[1, {}]]}"#,
            r#"{"segmentation": [[1, 2}"#,
            r#"{"segmentation": null, "caption": "a \"segmentation\": [1]", "b": "segmentation"}"#,
            r#"{"segmentation""#,
            r#"{"id": 1}"#,
            "",
        ] {
            assert_eq!(of(left), left);
        }
    }
}
