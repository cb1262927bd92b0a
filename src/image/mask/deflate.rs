//! Runs of bytes 0 and 1 as a deflate stream (RFC 1951), without looking for anything: a run is its first byte, and copies of
//! the byte before; lines that are like the one before are copies from there.
//!
//! One block with codes of its own (3.2.7): how often which code is needed is counted first, in a pass over the runs. The fixed
//! codes (3.2.6) would take 13 bits for 258 bytes, these take 2 where most of a mask is blank.

/// The last place of an alphabet: bytes, end of block, lengths (3.2.5).
const SYMBOLS: usize = 286;
const END: usize = 256;
/// The longest copy; it has a code without further bits.
const LONGEST: u32 = 258;
const LONGEST_SYMBOL: usize = 285;

/// Of each code for a length: the first length that it stands for, and how many bits say which (3.2.5).
const LENGTHS: [(u16, u8); 29] = {
    let mut lengths = [(0, 0); 29];
    let (mut place, mut first) = (0, 3);
    while place < 28 {
        let bits = if place < 8 { 0 } else { (place as u8 - 4) / 4 };
        lengths[place] = (first, bits);
        first += 1 << bits;
        place += 1;
    }
    lengths[28] = (258, 0);
    lengths
};

/// The place in `LENGTHS` of each length.
const PLACES: [u8; 259] = {
    let mut places = [0; 259];
    let mut length = 3;
    while length < places.len() {
        let mut place = places[length - 1] as usize;
        if place < 28 && LENGTHS[place + 1].0 as usize <= length {
            place += 1;
        }
        places[length] = place as u8;
        length += 1;
    }
    places
};

/// The order in which the lengths of the codes for code lengths are written (3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A piece of what is written. None has length 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// So many bytes of 0, or of 1.
    Run(u8, u32),
    /// As many bytes as before, from one line before.
    Line(u32),
}

/// How a piece is written: a byte several times, copies of 258 bytes, then shorter ones. Of a copy its code, which of the
/// lengths of that it is, and how many bits say so.
#[derive(Default)]
struct Parts {
    byte: usize,
    bytes: u32,
    longest: u32,
    copies: [Option<(usize, u32, u32)>; 2],
    from_line: bool,
}

impl Parts {
    fn of(piece: Piece) -> Self {
        let copy = |length: u32| {
            let place = usize::from(PLACES[length as usize]);
            let (first, bits) = LENGTHS[place];
            Some((257 + place, length - u32::from(first), bits.into()))
        };
        match piece {
            Piece::Run(byte, length) => {
                let (longest, rest) = ((length - 1) / LONGEST, (length - 1) % LONGEST);
                let parts = Self { byte: byte.into(), bytes: 1, longest, ..Self::default() };
                match rest {
                    0..3 => Self { bytes: 1 + rest, ..parts },
                    _ => Self { copies: [copy(rest), None], ..parts },
                }
            }
            Piece::Line(length) => {
                let (longest, rest) = (length / LONGEST, length % LONGEST);
                let parts = Self { longest, from_line: true, ..Self::default() };
                match rest {
                    0 => parts,
                    // No copy is that short.
                    1 | 2 => Self { longest: longest - 1, copies: [copy(255 + rest), copy(3)], ..parts },
                    _ => Self { copies: [copy(rest), None], ..parts },
                }
            }
        }
    }
}

/// Of a distance its code, which of the distances of that it is, and how many bits say so (3.2.5); `None` if it has none.
pub(super) fn distance(far: u32) -> Option<(usize, u32, u32)> {
    let before = far.checked_sub(1).filter(|before| *before < 1 << 15)?;
    // Two codes for each number of bits: the highest bit of the distance is 1, the next says which, then `bits` more.
    let bits = before.max(2).ilog2() - 1;
    Some(((2 * bits + (before >> bits)) as usize, before & ((1 << bits) - 1), bits))
}

/// Puts the stream of pieces behind what `out` has. A piece from one line before is of at least three bytes.
pub(super) fn deflate(pieces: &[Piece], line: u32, out: &mut Vec<u8>) {
    let mut counts = [0u32; SYMBOLS];
    counts[END] = 1;
    let mut has_lines = false;
    for piece in pieces {
        let parts = Parts::of(*piece);
        counts[parts.byte] += parts.bytes;
        counts[LONGEST_SYMBOL] += parts.longest;
        for (symbol, _, _) in parts.copies.into_iter().flatten() {
            counts[symbol] += 1;
        }
        has_lines |= parts.from_line;
    }
    let code = Code::new(&counts, 15);
    let mut bits = Bits { out, held: 0, count: 0 };
    let (symbol, which, extra) = distance(line).unwrap_or_default();
    // The last block, with codes of its own.
    bits.put(0b101, 3);
    write_code(&code, has_lines.then_some(symbol), &mut bits);
    for piece in pieces {
        let parts = Parts::of(*piece);
        // Each distance has a code of one bit.
        let distance = if parts.from_line { (1 | u64::from(which) << 1, 1 + extra) } else { (0, 1) };
        let (byte, length) = code.of(parts.byte);
        for _ in 0..parts.bytes {
            bits.put(byte, length);
        }
        let copy = |(symbol, which, extra): (usize, u32, u32)| {
            let (code, length) = code.of(symbol);
            (code | u64::from(which) << length | distance.0 << (length + extra), length + extra + distance.1)
        };
        if parts.longest > 0 {
            bits.repeat(copy((LONGEST_SYMBOL, 0, 0)), parts.longest);
        }
        for part in parts.copies.into_iter().flatten() {
            let (all, count) = copy(part);
            bits.put(all & 0xffff_ffff, count.min(32));
            bits.put(all >> 32, count.saturating_sub(32));
        }
    }
    let (end, length) = code.of(END);
    bits.put(end, length);
    bits.finish();
}

/// Says the codes for bytes and lengths, and for the distances, of which there is 1 and perhaps another.
fn write_code(code: &Code<SYMBOLS>, distance: Option<usize>, bits: &mut Bits) {
    let used = 1 + code.lengths.iter().rposition(|length| *length > 0).unwrap_or(END);
    let distances = 1 + distance.unwrap_or(0);
    // Lengths of codes in turn; runs of 0 as 17 (3 to 10) and 18 (11 to 138).
    let mut said: Vec<(usize, u32, u32)> = Vec::with_capacity(64);
    let mut zeros = 0;
    let of_distances = (0..distances).map(|symbol| u8::from(symbol == 0 || symbol == distances - 1));
    for length in code.lengths[..used].iter().copied().chain(of_distances) {
        if length == 0 {
            zeros += 1;
            continue;
        }
        while zeros > 0 {
            let part = zeros.min(138);
            match part {
                1 | 2 => said.extend(vec![(0, 0, 0); part as usize]),
                3..=10 => said.push((17, part - 3, 3)),
                _ => said.push((18, part - 11, 7)),
            }
            zeros -= part;
        }
        said.push((length.into(), 0, 0));
    }
    let mut counts = [0u32; 19];
    for (symbol, _, _) in &said {
        counts[*symbol] += 1;
    }
    let small: Code<19> = Code::new(&counts, 7);
    let ordered = 1 + ORDER.iter().rposition(|symbol| small.lengths[*symbol] > 0).unwrap_or(3).max(3);
    bits.put(used as u64 - 257, 5);
    bits.put(distances as u64 - 1, 5);
    bits.put(ordered as u64 - 4, 4);
    for symbol in &ORDER[..ordered] {
        bits.put(small.lengths[*symbol].into(), 3);
    }
    for (symbol, which, extra) in said {
        let (code, length) = small.of(symbol);
        bits.put(code | u64::from(which) << length, length + extra);
    }
}

/// A prefix code: of each symbol that occurs its bits, as they are written, and how many.
struct Code<const N: usize> {
    codes: [u16; N],
    lengths: [u8; N],
}

impl<const N: usize> Code<N> {
    /// Huffman's code for symbols of which at least two occur, none longer than `limit`.
    fn new(counts: &[u32; N], limit: u8) -> Self {
        let mut leaves: Vec<(u32, usize)> = (0..N).map(|symbol| (counts[symbol], symbol)).collect();
        leaves.retain(|(count, _)| *count > 0);
        leaves.sort_unstable();
        let mut lengths = [0; N];
        loop {
            let depths = depths(&leaves);
            if depths.iter().all(|depth| *depth <= limit) {
                depths.iter().zip(&leaves).for_each(|(depth, (_, symbol))| lengths[*symbol] = *depth);
                break;
            }
            // Counts nearer to each other make the longest codes shorter; they keep their order.
            leaves.iter_mut().for_each(|(count, _)| *count = count.div_ceil(2));
        }
        // 3.2.2: codes of the same length in the order of their symbols, from the shortest on.
        let mut codes = [0; N];
        let mut next = [0u16; 16];
        lengths.iter().filter(|length| **length > 0).for_each(|length| next[usize::from(*length)] += 1);
        let mut first = 0;
        for of_length in &mut next[1..] {
            let count = std::mem::replace(of_length, first);
            first = (first + count) << 1;
        }
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            codes[symbol] = next[usize::from(*length)].reverse_bits() >> (16 - length);
            next[usize::from(*length)] += 1;
        }
        Self { codes, lengths }
    }

    fn of(&self, symbol: usize) -> (u64, u32) {
        (self.codes[symbol].into(), self.lengths[symbol].into())
    }
}

/// How deep each leaf is in Huffman's tree, of leaves in the order of their counts: the two least of what is left become one,
/// and what they become never has a lower count than what became before.
fn depths(leaves: &[(u32, usize)]) -> Vec<u8> {
    let inner = leaves.len().saturating_sub(1);
    // Leaves first, then what two of them became: count, and above it.
    let mut counts: Vec<u64> = leaves.iter().map(|(count, _)| u64::from(*count)).collect();
    let mut above = vec![0; leaves.len() + inner];
    let (mut leaf, mut joint) = (0, leaves.len());
    for _ in 0..inner {
        let node = counts.len();
        let mut sum = 0;
        for _ in 0..2 {
            let is_leaf = leaf < leaves.len() && (joint >= node || counts[leaf] <= counts[joint]);
            let least = if is_leaf { &mut leaf } else { &mut joint };
            sum += counts[*least];
            above[*least] = node;
            *least += 1;
        }
        counts.push(sum);
    }
    let mut depths = vec![0u8; counts.len()];
    for node in (0..counts.len().saturating_sub(1)).rev() {
        depths[node] = depths[above[node]] + 1;
    }
    depths.truncate(leaves.len());
    depths
}

/// Bits on their way into bytes, the lowest first.
struct Bits<'o> {
    out: &'o mut Vec<u8>,
    /// Fewer than 32.
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// At most 32.
    fn put(&mut self, bits: u64, count: u32) {
        self.held |= bits << self.count;
        self.count += count;
        if self.count >= 32 {
            self.out.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    /// The same bits, at most 32, several times.
    fn repeat(&mut self, (bits, count): (u64, u32), mut times: u32) {
        if times == 0 || count == 0 {
            return;
        }
        let together = 32 / count;
        let all = (1..together.min(times)).fold(bits, |all, place| all | bits << (place * count));
        while times >= together {
            self.put(all, together * count);
            times -= together;
        }
        self.put(all & ((1 << (times * count)) - 1), times * count);
    }

    fn finish(self) {
        let bytes = self.count.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.held.to_le_bytes()[..bytes]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn inflated(stream: &[u8]) -> Vec<u8> {
        let (mut bytes, mut rest) = (Vec::new(), stream);
        flate2::bufread::DeflateDecoder::new(&mut rest).read_to_end(&mut bytes).expect("a deflate stream");
        assert!(rest.is_empty());
        bytes
    }

    fn drawn(pieces: &[Piece], line: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in pieces {
            match *piece {
                Piece::Run(byte, length) => bytes.extend(vec![byte; length as usize]),
                Piece::Line(length) => (0..length).for_each(|_| bytes.push(bytes[bytes.len() - line])),
            }
        }
        bytes
    }

    fn check(pieces: &[Piece], line: u32) {
        let mut stream = vec![9];
        deflate(pieces, line, &mut stream);
        assert!(inflated(&stream[1..]) == drawn(pieces, line as usize), "{line} {pieces:?}");
    }

    #[test]
    fn lengths() {
        assert_eq!((LENGTHS[0], LENGTHS[8], LENGTHS[20], LENGTHS[27]), ((3, 0), (11, 1), (67, 4), (227, 5)));
        assert_eq!((PLACES[3], PLACES[10], PLACES[12], PLACES[257], PLACES[258]), (0, 7, 8, 27, 28));
        for run in (1..600).chain([1 << 20]) {
            check(&[Piece::Run(0, run)], 9);
            check(&[Piece::Run(0, 1), Piece::Run(1, run)], 9);
            check(&[Piece::Run(0, run), Piece::Run(1, 4), Piece::Line(run + 2), Piece::Run(0, 5)], 5);
        }
    }

    #[test]
    fn distances() {
        let of = [1, 2, 3, 4, 5, 6, 7, 641, 32_768].map(|far| distance(far).unwrap());
        assert_eq!(of[..5], [(0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 1)]);
        assert_eq!(of[5..], [(4, 1, 1), (5, 0, 1), (18, 128, 8), (29, 8191, 13)]);
        assert_eq!((distance(0), distance(32_769)), (None, None));
        for line in (2..300).chain([32_767, 32_768]) {
            check(&[Piece::Run(0, line), Piece::Run(1, 2), Piece::Run(0, line), Piece::Line(3 * line)], line);
        }
    }

    #[test]
    fn codes_have_a_limit() {
        // Counts of which each is the sum of the two before have the deepest tree.
        let mut counts = [0; 30];
        (counts[0], counts[1]) = (1, 1);
        (2..30).for_each(|place| counts[place] = counts[place - 1] + counts[place - 2]);
        for limit in [5, 7, 15] {
            let code = Code::new(&counts, limit);
            assert!(code.lengths.iter().all(|length| (1..=limit).contains(length)));
            let filled: f64 = code.lengths.iter().map(|length| 0.5f64.powi((*length).into())).sum();
            assert_eq!(filled, 1.0);
        }
        let code = Code::new(&[5, 0, 1, 1], 15);
        assert_eq!((code.lengths, code.codes), ([1, 0, 2, 2], [0, 0, 0b01, 0b11]));
    }

    proptest! {
        #[test]
        fn any_pieces(
            lengths in prop::collection::vec((0u8..3, prop_oneof![3u32..9, 3u32..700, 3u32..100_000]), 1..60),
            line in 2u32..800,
        ) {
            let piece = |(kind, length): (u8, u32)| if kind < 2 { Piece::Run(kind, length) } else { Piece::Line(length) };
            let pieces: Vec<_> = [Piece::Run(0, line)].into_iter().chain(lengths.into_iter().map(piece)).collect();
            check(&pieces, line);
        }
    }
}
