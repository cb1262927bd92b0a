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

use super::BLOCK_LEN;

/// FIPS 180-4, 4.2.2.
const ROUND_CONSTANTS: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

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
        for (round, constants) in ROUND_CONSTANTS.iter().enumerate() {
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
