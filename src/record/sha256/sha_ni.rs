//! Blocks of several messages in turn, by the SHA instructions.
//!
//! The way of Gulley et al., "Intel SHA Extensions" (Intel, 2013): a state is held as ABEF and CDGH, an instruction does
//! two rounds, and four words of the message schedule are made at a time. Here each step is done for all messages before
//! the next step.

use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_blend_epi16, _mm_loadu_si128, _mm_set_epi64x, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32, _mm_storeu_si128,
};
use std::array;

use super::{BLOCK_LEN, ROUND_CONSTANTS};

/// The words of a state, in the order that the instructions want.
#[derive(Clone, Copy)]
struct State {
    abef: __m128i,
    cdgh: __m128i,
}

/// Whether this processor runs [`compress`].
pub fn is_available() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("sha") && has!("sse4.1") && has!("ssse3")
}

/// Takes the blocks of each message, equally many, into its state.
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub fn compress<const N: usize>(states: &mut [&mut [u32; 8]; N], messages: [&[[u8; BLOCK_LEN]]; N]) {
    let mut lanes: [State; N] = array::from_fn(|lane| pack(states[lane]));
    let count = messages.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
    #[expect(clippy::needless_range_loop, reason = "it walks through several")]
    for number in 0..count {
        let before = lanes;
        // The last 16 words of each schedule.
        let mut words: [[__m128i; 4]; N] = array::from_fn(|lane| load_block(&messages[lane][number]));
        for (round, constants) in ROUND_CONSTANTS.as_chunks().0.iter().enumerate() {
            let slot = round % 4;
            if round >= 4 {
                words.iter_mut().for_each(|words| schedule(words, slot));
            }
            four_rounds(&mut lanes, array::from_fn(|lane| words[lane][slot]), constants);
        }
        for (lane, before) in lanes.iter_mut().zip(before) {
            lane.abef = _mm_add_epi32(lane.abef, before.abef);
            lane.cdgh = _mm_add_epi32(lane.cdgh, before.cdgh);
        }
    }
    states.iter_mut().zip(lanes).for_each(|(state, lane)| unpack(lane, state));
}

/// The next four words of a schedule, in the place of those of 16 words before.
#[target_feature(enable = "sha,ssse3")]
#[inline]
fn schedule(words: &mut [__m128i; 4], slot: usize) {
    let [first, second, third, last] = array::from_fn(|ahead| words[(slot + ahead) % 4]);
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(first, second), _mm_alignr_epi8::<4>(last, third));
    words[slot] = _mm_sha256msg2_epu32(sum, last);
}

#[target_feature(enable = "sha,sse4.1")]
#[inline]
fn four_rounds<const N: usize>(lanes: &mut [State; N], words: [__m128i; N], constants: &[u32; 4]) {
    let constants = load(constants);
    let words = words.map(|words| _mm_add_epi32(words, constants));
    for (lane, words) in lanes.iter_mut().zip(words) {
        lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, words);
    }
    for (lane, words) in lanes.iter_mut().zip(words) {
        lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32::<0x0e>(words));
    }
}

/// The words of a block, which stand in it with the highest byte first.
#[target_feature(enable = "ssse3")]
#[inline]
fn load_block(block: &[u8; BLOCK_LEN]) -> [__m128i; 4] {
    let swapped = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let (parts, _) = block.as_chunks::<16>();
    array::from_fn(|part| {
        // SAFETY: there are 16 bytes, and they may stand anywhere.
        let words = unsafe { _mm_loadu_si128(parts[part].as_ptr().cast()) };
        _mm_shuffle_epi8(words, swapped)
    })
}

#[target_feature(enable = "sse2")]
#[inline]
fn load(words: &[u32; 4]) -> __m128i {
    // SAFETY: there are 16 bytes, and they may stand anywhere.
    unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
}

#[target_feature(enable = "sse4.1,ssse3")]
#[inline]
fn pack(state: &[u32; 8]) -> State {
    let [dcba, hgfe] = array::from_fn(|half| load(&state.as_chunks().0[half]));
    let (cdab, efgh) = (_mm_shuffle_epi32::<0xb1>(dcba), _mm_shuffle_epi32::<0x1b>(hgfe));
    State { abef: _mm_alignr_epi8::<8>(cdab, efgh), cdgh: _mm_blend_epi16::<0xf0>(efgh, cdab) }
}

#[target_feature(enable = "sse4.1,ssse3")]
#[inline]
fn unpack(lane: State, state: &mut [u32; 8]) {
    let (feba, dchg) = (_mm_shuffle_epi32::<0x1b>(lane.abef), _mm_shuffle_epi32::<0xb1>(lane.cdgh));
    let halves = [_mm_blend_epi16::<0xf0>(feba, dchg), _mm_alignr_epi8::<8>(dchg, feba)];
    for (words, half) in state.as_chunks_mut::<4>().0.iter_mut().zip(halves) {
        // SAFETY: there is room for 16 bytes, and they may stand anywhere.
        unsafe { _mm_storeu_si128(words.as_mut_ptr().cast(), half) }
    }
}
