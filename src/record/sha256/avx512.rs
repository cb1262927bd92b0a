//! Blocks of sixteen messages side by side: a word of a vector for each of them.
//!
//! The way of Gueron and Krasnov, "Simultaneous hashing of multiple messages" (2012). The
//! longest chain of a round decides, since a vector instruction's result can be used two cycles later: what comes of the
//! state's `a` and `e`, which are known last, is added last, and [`fixed`] keeps the compiler from ordering sums anew (a
//! tenth of the time).

use std::arch::asm;
use std::arch::x86_64::{
    __cpuid, __m512i, _mm_set_epi64x, _mm512_add_epi32, _mm512_broadcast_i32x4, _mm512_loadu_si512, _mm512_ror_epi32,
    _mm512_set1_epi32, _mm512_setzero_si512, _mm512_shuffle_epi8, _mm512_shuffle_i32x4, _mm512_srli_epi32,
    _mm512_storeu_si512, _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};
use std::sync::OnceLock;

use super::{BLOCK_LEN, LANES, ROUND_CONSTANTS, sha_ni};

/// So many messages take no longer by [`compress`] than by the SHA instructions, few at a time; never where this processor does
/// not run it.
pub fn enough() -> usize {
    // Asking traps on virtual machines.
    static ENOUGH: OnceLock<usize> = OnceLock::new();
    *ENOUGH.get_or_init(|| {
        use std::arch::is_x86_feature_detected as has;
        match has!("avx512f") && has!("avx512bw") {
            false => usize::MAX,
            // What is left then does one message at a time without any instruction for it.
            true if !sha_ni::is_available() => 4,
            // Measured: 10 on Zen 5, 15 on Zen 4, which does vectors of 512 bits in two halves as many others do.
            true if amd_family().is_some_and(|family| family >= 0x1a) => 10,
            true => LANES,
        }
    })
}

/// The processor's family, of AMD's.
fn amd_family() -> Option<u32> {
    let vendor = __cpuid(0);
    if [vendor.ebx, vendor.edx, vendor.ecx] != [*b"Auth", *b"enti", *b"cAMD"].map(u32::from_le_bytes) {
        return None;
    }
    let version = __cpuid(1).eax;
    Some((version >> 8 & 0xf) + (version >> 20 & 0xff))
}

/// Takes `count` blocks of each message into its state; there are 1 to 16 messages.
#[target_feature(enable = "avx512f,avx512bw")]
pub fn compress<'s>(messages: impl Iterator<Item = (&'s mut [u32; 8], &'s [[u8; BLOCK_LEN]])>, count: usize) {
    let (mut states, mut messages): (Vec<_>, Vec<_>) = messages.unzip();
    let Some(first) = messages.first().copied() else { return };
    // What has no message does the first one's work, for nothing.
    messages.resize(LANES, first);
    let Ok(messages) = <[&[[u8; BLOCK_LEN]]; LANES]>::try_from(messages) else { return };
    let count = messages.iter().map(|blocks| blocks.len()).min().map_or(0, |least| count.min(least));

    let mut state = [_mm512_setzero_si512(); 8];
    for (word, vector) in state.iter_mut().enumerate() {
        let mut lanes = [0; LANES];
        lanes.iter_mut().zip(&states).for_each(|(lane, state)| *lane = state[word]);
        // SAFETY: there are 64 bytes, and they may stand anywhere.
        *vector = unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) };
    }
    for number in 0..count {
        let after = rounds(state, load_blocks(&messages, number));
        for (vector, after) in state.iter_mut().zip(after) {
            *vector = _mm512_add_epi32(*vector, after);
        }
    }
    for (word, vector) in state.into_iter().enumerate() {
        let mut lanes = [0; LANES];
        // SAFETY: there is room for 64 bytes, and they may stand anywhere.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), vector) }
        states.iter_mut().zip(lanes).for_each(|(state, lane)| state[word] = lane);
    }
}

/// FIPS 180-4, 6.2.2, without the last sum.
#[target_feature(enable = "avx512f")]
#[inline]
fn rounds(state: [__m512i; 8], mut words: [__m512i; 16]) -> [__m512i; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    // In place of the values the names move on, eight rounds until each is in its place again.
    macro_rules! round {
        ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $word:expr, $constant:expr) => {
            let constant = _mm512_set1_epi32($constant.cast_signed());
            let known = fixed(_mm512_add_epi32($h, _mm512_add_epi32($word, constant)));
            let choice = _mm512_ternarylogic_epi32::<CHOICE>($e, $f, $g);
            let majority = _mm512_ternarylogic_epi32::<MAJORITY>($a, $b, $c);
            let sum_e = xor(_mm512_ror_epi32::<6>($e), _mm512_ror_epi32::<11>($e), _mm512_ror_epi32::<25>($e));
            let sum_a = xor(_mm512_ror_epi32::<2>($a), _mm512_ror_epi32::<13>($a), _mm512_ror_epi32::<22>($a));
            let next_e = fixed(_mm512_add_epi32(fixed(_mm512_add_epi32(known, $d)), choice));
            let next_a = fixed(_mm512_add_epi32(fixed(_mm512_add_epi32(known, choice)), sum_e));
            $d = _mm512_add_epi32(next_e, sum_e);
            $h = _mm512_add_epi32(next_a, fixed(_mm512_add_epi32(majority, sum_a)));
        };
    }
    for (sixteen, constants) in ROUND_CONSTANTS.as_chunks::<16>().0.iter().enumerate() {
        if sixteen > 0 {
            words = schedule(words);
        }
        round!(a b c d e f g h, words[0], constants[0]);
        round!(h a b c d e f g, words[1], constants[1]);
        round!(g h a b c d e f, words[2], constants[2]);
        round!(f g h a b c d e, words[3], constants[3]);
        round!(e f g h a b c d, words[4], constants[4]);
        round!(d e f g h a b c, words[5], constants[5]);
        round!(c d e f g h a b, words[6], constants[6]);
        round!(b c d e f g h a, words[7], constants[7]);
        round!(a b c d e f g h, words[8], constants[8]);
        round!(h a b c d e f g, words[9], constants[9]);
        round!(g h a b c d e f, words[10], constants[10]);
        round!(f g h a b c d e, words[11], constants[11]);
        round!(e f g h a b c d, words[12], constants[12]);
        round!(d e f g h a b c, words[13], constants[13]);
        round!(c d e f g h a b, words[14], constants[14]);
        round!(b c d e f g h a, words[15], constants[15]);
    }
    [a, b, c, d, e, f, g, h]
}

/// The sixteen words of the schedule that follow these.
#[target_feature(enable = "avx512f")]
#[inline]
fn schedule(mut words: [__m512i; 16]) -> [__m512i; 16] {
    macro_rules! next {
        ($($at:literal)*) => {$({
            let (old, new) = (words[($at + 1) % 16], words[($at + 14) % 16]);
            let of_old = xor(_mm512_ror_epi32::<7>(old), _mm512_ror_epi32::<18>(old), _mm512_srli_epi32::<3>(old));
            let of_new = xor(_mm512_ror_epi32::<17>(new), _mm512_ror_epi32::<19>(new), _mm512_srli_epi32::<10>(new));
            let known = _mm512_add_epi32(_mm512_add_epi32(words[$at], words[($at + 9) % 16]), of_old);
            words[$at] = _mm512_add_epi32(known, of_new);
        })*};
    }
    next!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    words
}

/// Tables of three bits for `vpternlogd`: the first argument's bit is the highest of the place.
const XOR: i32 = 0x96;
const CHOICE: i32 = 0xca;
const MAJORITY: i32 = 0xe8;

#[target_feature(enable = "avx512f")]
#[inline]
fn xor(first: __m512i, second: __m512i, third: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<XOR>(first, second, third)
}

/// The same value, of which the compiler knows nothing.
#[target_feature(enable = "avx512f")]
#[inline]
fn fixed(mut value: __m512i) -> __m512i {
    // SAFETY: no instruction, and the value stays where it is.
    unsafe { asm!("/* {0} */", inout(zmm_reg) value, options(pure, nomem, nostack, preserves_flags)) }
    value
}

/// The words of the messages' blocks, which stand in them with the highest byte first: a vector for each word.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn load_blocks(messages: &[&[[u8; BLOCK_LEN]]; LANES], number: usize) -> [__m512i; 16] {
    let swapped = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203));
    let mut vectors = [_mm512_setzero_si512(); LANES];
    for (vector, blocks) in vectors.iter_mut().zip(messages) {
        // SAFETY: there are 64 bytes, and they may stand anywhere.
        let words = unsafe { _mm512_loadu_si512(blocks[number].as_ptr().cast()) };
        *vector = _mm512_shuffle_epi8(words, swapped);
    }
    // Within each quarter of the vectors of four messages, then the quarters: two steps of a transposition.
    for four in vectors.as_chunks_mut::<4>().0 {
        let [first, second, third, last] = *four;
        let (low, high) = (_mm512_unpacklo_epi32(first, second), _mm512_unpackhi_epi32(first, second));
        let (low_behind, high_behind) = (_mm512_unpacklo_epi32(third, last), _mm512_unpackhi_epi32(third, last));
        *four = [
            _mm512_unpacklo_epi64(low, low_behind),
            _mm512_unpackhi_epi64(low, low_behind),
            _mm512_unpacklo_epi64(high, high_behind),
            _mm512_unpackhi_epi64(high, high_behind),
        ];
    }
    let mut words = vectors;
    for at in 0..4 {
        let [first, second, third, last] = [vectors[at], vectors[4 + at], vectors[8 + at], vectors[12 + at]];
        let (low, high) = (_mm512_shuffle_i32x4::<0x44>(first, second), _mm512_shuffle_i32x4::<0xee>(first, second));
        let (low_behind, high_behind) =
            (_mm512_shuffle_i32x4::<0x44>(third, last), _mm512_shuffle_i32x4::<0xee>(third, last));
        words[at] = _mm512_shuffle_i32x4::<0x88>(low, low_behind);
        words[4 + at] = _mm512_shuffle_i32x4::<0xdd>(low, low_behind);
        words[8 + at] = _mm512_shuffle_i32x4::<0x88>(high, high_behind);
        words[12 + at] = _mm512_shuffle_i32x4::<0xdd>(high, high_behind);
    }
    words
}
