//! CRC32C by carry-less multiplication of 32 bytes at a time, for processors with VPCLMULQDQ and without AVX-512 (AMD
//! Zen 3, Intel from Alder Lake on).
//!
//! The method is that of Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction"
//! (Intel, 2009): what was read so far is a polynomial of few bits, and is moved over the bytes that follow by
//! multiplying its halves with x^n mod P. Four accumulators of 32 bytes hide the multiplications' latency; what is left
//! at the end, and short inputs, go through the CRC32 instruction.

use std::arch::x86_64::{
    __m256i, _mm_clmulepi64_si128, _mm_crc32_u8, _mm_crc32_u64, _mm_cvtsi128_si64, _mm_extract_epi64, _mm_set_epi64x,
    _mm_xor_si128, _mm256_castsi256_si128, _mm256_clmulepi64_epi128, _mm256_extracti128_si256, _mm256_loadu_si256,
    _mm256_set_epi64x, _mm256_xor_si256,
};

use super::times_x;

/// Bytes of one register.
const WIDTH: usize = 32;
/// Bytes of all accumulators.
const STRIDE: usize = 4 * WIDTH;

/// Whether this processor runs [`crc32c`], and has nothing wider.
#[inline]
pub fn is_available() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("vpclmulqdq") && has!("avx2") && has!("pclmulqdq") && has!("sse4.2") && !has!("avx512f")
}

/// CRC32C of `bytes`.
#[target_feature(enable = "avx2,vpclmulqdq,pclmulqdq,sse4.2")]
pub fn crc32c(bytes: &[u8]) -> u32 {
    let (strides, rest) = bytes.as_chunks::<STRIDE>();
    match strides {
        [first, others @ ..] if !others.is_empty() => finish(fold(first, others, rest), rest.as_chunks::<WIDTH>().1),
        _ => finish(0xffff_ffff, bytes),
    }
}

/// The state behind `first`, `others` and the whole registers of `rest`.
#[target_feature(enable = "avx2,vpclmulqdq,pclmulqdq,sse4.2")]
#[inline]
fn fold(first: &[u8; STRIDE], others: &[[u8; STRIDE]], rest: &[u8]) -> u32 {
    let over_stride = pair(const { factors(STRIDE) });
    let over_width = pair(const { factors(WIDTH) });
    let mut sums = load_all(first);
    sums[0] = _mm256_xor_si256(sums[0], _mm256_set_epi64x(0, 0, 0, 0xffff_ffff));
    for stride in others {
        let data = load_all(stride);
        for (sum, data) in sums.iter_mut().zip(data) {
            *sum = moved(*sum, over_stride, data);
        }
    }
    let [mut sum, others @ ..] = sums;
    for other in others {
        sum = moved(sum, over_width, other);
    }
    for bytes in rest.as_chunks::<WIDTH>().0 {
        sum = moved(sum, over_width, load(bytes));
    }
    let (low, high) = (_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    let (one, other) = const { factors(WIDTH / 2) };
    let factors = _mm_set_epi64x(other, one);
    let sum = _mm_xor_si128(_mm_clmulepi64_si128::<0x00>(low, factors), _mm_clmulepi64_si128::<0x11>(low, factors));
    let sum = _mm_xor_si128(sum, high);
    _mm_crc32_u64(_mm_crc32_u64(0, _mm_cvtsi128_si64(sum) as u64), _mm_extract_epi64::<1>(sum) as u64) as u32
}

/// From the state before `bytes` to the sum.
#[target_feature(enable = "sse4.2")]
#[inline]
fn finish(state: u32, bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<8>();
    let state = words.iter().fold(u64::from(state), |state, word| _mm_crc32_u64(state, u64::from_le_bytes(*word)));
    !rest.iter().fold(state as u32, |state, byte| _mm_crc32_u8(state, *byte))
}

/// `sum` moved over as many bytes as `factors` are for, and `data` added.
#[target_feature(enable = "avx2,vpclmulqdq")]
#[inline]
fn moved(sum: __m256i, factors: __m256i, data: __m256i) -> __m256i {
    let low = _mm256_clmulepi64_epi128::<0x00>(sum, factors);
    let high = _mm256_clmulepi64_epi128::<0x11>(sum, factors);
    _mm256_xor_si256(_mm256_xor_si256(low, high), data)
}

#[target_feature(enable = "avx2")]
#[inline]
fn pair((one, other): (i64, i64)) -> __m256i {
    _mm256_set_epi64x(other, one, other, one)
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(bytes: &[u8; WIDTH]) -> __m256i {
    // SAFETY: the reference is to 32 readable bytes; the load asks for no alignment. (Put together from four words, which
    // is safe, all of it takes a quarter longer.)
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_all(bytes: &[u8; STRIDE]) -> [__m256i; STRIDE / WIDTH] {
    let (registers, _) = bytes.as_chunks::<WIDTH>();
    std::array::from_fn(|place| load(&registers[place]))
}

/// What the two halves of 16 bytes are multiplied with to move them over `bytes`: the lower half comes first in the
/// data, so it has 8 bytes further to go.
const fn factors(bytes: usize) -> (i64, i64) {
    (power(8 * bytes + 31) as i64, power(8 * bytes - 33) as i64)
}

/// x^n mod P, in the order of bits that the CRC has: x^0 is the uppermost.
const fn power(n: usize) -> u32 {
    let mut value: u32 = 1 << 31;
    let mut done = 0;
    while done < n {
        value = times_x(value);
        done += 1;
    }
    value
}
