//! Numbers out of bytes, `None` beyond the end.

/// `N` bytes at `at`.
#[inline]
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[inline]
pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

#[inline]
pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

#[inline]
pub(super) fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

#[inline]
pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// Where the first `needle` is, from `from` on. Looks at 32 bytes at a time, which the compiler makes one comparison.
pub(super) fn find(bytes: &[u8], from: usize, needle: u8) -> Option<usize> {
    let mut at = from;
    while let Some(chunk) = array::<32>(bytes, at) {
        if chunk.iter().fold(false, |found, byte| found | (*byte == needle)) {
            break;
        }
        at += chunk.len();
    }
    bytes.get(at..)?.iter().position(|byte| *byte == needle).map(|place| at + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_where_position_finds() {
        let mut bytes = [7; 100];
        for at in 0..100 {
            bytes[at] = 9;
            for from in 0..102 {
                let expected = bytes.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == 9));
                assert_eq!(find(&bytes, from, 9), expected.map(|place| place + from));
            }
            bytes[at] = 7;
        }
        assert_eq!(find(&bytes, 0, 9), None);
    }
}
