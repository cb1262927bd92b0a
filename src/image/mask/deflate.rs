//! Runs of bytes 0 and 1 as a deflate stream (RFC 1951), without looking for anything: a run is its first byte, and copies of
//! the byte before.
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

/// How a run is written: its first byte, `longest` copies of 258 bytes, then a shorter one or up to two bytes more.
struct Parts {
    longest: u32,
    bytes: u32,
    copy: Option<(usize, u32, u32)>,
}

impl Parts {
    fn of(run: u32) -> Self {
        let (longest, rest) = ((run - 1) / LONGEST, (run - 1) % LONGEST);
        if rest < 3 {
            return Self { longest, bytes: 1 + rest, copy: None };
        }
        let place = usize::from(PLACES[rest as usize]);
        let (first, bits) = LENGTHS[place];
        Self { longest, bytes: 1, copy: Some((257 + place, rest - u32::from(first), bits.into())) }
    }
}

/// Puts the stream of runs of 0 and 1 in turn, none of them of length 0, behind what `out` has.
pub(super) fn deflate(runs: &[u32], out: &mut Vec<u8>) {
    let mut counts = [0u32; SYMBOLS];
    counts[END] = 1;
    for (place, run) in runs.iter().enumerate() {
        let parts = Parts::of(*run);
        counts[place % 2] += parts.bytes;
        counts[LONGEST_SYMBOL] += parts.longest;
        if let Some((symbol, _, _)) = parts.copy {
            counts[symbol] += 1;
        }
    }
    let code = Code::new(&counts, 15);
    let mut bits = Bits { out, held: 0, count: 0 };
    // The last block, with codes of its own.
    bits.put(0b101, 3);
    write_code(&code, &mut bits);
    // The distance's code, of one bit, follows each length: 0.
    let longest = (u64::from(code.codes[LONGEST_SYMBOL]), u32::from(code.lengths[LONGEST_SYMBOL]) + 1);
    for (place, run) in runs.iter().enumerate() {
        let parts = Parts::of(*run);
        let (byte, length) = code.of(place % 2);
        bits.put(byte, length);
        bits.repeat(longest, parts.longest);
        match parts.copy {
            Some((symbol, which, extra)) => {
                let (code, length) = code.of(symbol);
                bits.put(code | u64::from(which) << length, length + extra + 1);
            }
            None => bits.repeat((byte, length), parts.bytes - 1),
        }
    }
    let (end, length) = code.of(END);
    bits.put(end, length);
    bits.finish();
}

/// Says the codes for bytes and lengths, and that there is one distance, 1, of one bit.
fn write_code(code: &Code<SYMBOLS>, bits: &mut Bits) {
    let used = 1 + code.lengths.iter().rposition(|length| *length > 0).unwrap_or(END);
    // Lengths of codes in turn; runs of 0 as 17 (3 to 10) and 18 (11 to 138).
    let mut said: Vec<(usize, u32, u32)> = Vec::with_capacity(64);
    let mut zeros = 0;
    for length in code.lengths[..used].iter().copied().chain([1]) {
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
    bits.put(0, 5);
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

    fn drawn(runs: &[u32]) -> Vec<u8> {
        runs.iter().enumerate().flat_map(|(place, run)| vec![(place % 2) as u8; *run as usize]).collect()
    }

    #[test]
    fn lengths() {
        assert_eq!((LENGTHS[0], LENGTHS[8], LENGTHS[20], LENGTHS[27]), ((3, 0), (11, 1), (67, 4), (227, 5)));
        assert_eq!((PLACES[3], PLACES[10], PLACES[12], PLACES[257], PLACES[258]), (0, 7, 8, 27, 28));
        for run in (1..600).chain([1 << 20]) {
            for runs in [vec![run], vec![1, run], vec![run, run, run]] {
                let mut stream = vec![9];
                deflate(&runs, &mut stream);
                assert_eq!(inflated(&stream[1..]), drawn(&runs), "{run}");
            }
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
        fn any_runs(runs in prop::collection::vec(prop_oneof![1u32..9, 1u32..700, 1u32..100_000], 1..60)) {
            let mut stream = Vec::new();
            deflate(&runs, &mut stream);
            prop_assert_eq!(inflated(&stream), drawn(&runs));
        }
    }
}
