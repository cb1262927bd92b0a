//! Numbers of other kinds to the two that an Example holds.
//!
//! | from | to | beyond |
//! |---|---|---|
//! | 64-bit float | float32, the nearest, ties to even, as TensorFlow does | a finite value of 2^128 - 2^103 or more, which would round to infinity, is an error; TensorFlow writes infinity and says nothing |
//! | NaN | its sign and the upper bits of its payload, made quiet, as TensorFlow does | |
//! | unsigned 64-bit integer | int64 | 2^63 and more is an error, as in TensorFlow |
//!
//! Too small a number becomes a subnormal or 0, as in TensorFlow.

use super::error::EncodeError;

/// `value` as float32; nothing where a finite value would become infinity.
#[inline]
pub fn to_f32(value: f64) -> Option<f32> {
    if value.is_nan() {
        // Written out, since the language leaves the payload of a converted NaN to the machine.
        let bits = value.to_bits();
        return Some(f32::from_bits(
            (bits >> 32) as u32 & 0x8000_0000 | 0x7fc0_0000 | (bits >> 29) as u32 & 0x003f_ffff,
        ));
    }
    let narrow = value as f32;
    if narrow.is_infinite() && value.is_finite() { None } else { Some(narrow) }
}

/// `values` as float32.
pub fn to_f32s(values: &[f64]) -> Result<Vec<f32>, EncodeError> {
    let mut odd = false;
    let mut narrow: Vec<f32> = values
        .iter()
        .map(|value| {
            let narrow = *value as f32;
            odd |= !narrow.is_finite();
            narrow
        })
        .collect();
    if odd {
        for (index, (narrow, value)) in narrow.iter_mut().zip(values).enumerate() {
            let out_of_range = || EncodeError::OutOfRange { index, value: format!("{value:e}"), kind: "float32" };
            *narrow = to_f32(*value).ok_or_else(out_of_range)?;
        }
    }
    Ok(narrow)
}

/// `values` as int64.
pub fn to_i64s(values: &[u64]) -> Result<Vec<i64>, EncodeError> {
    match values.iter().position(|value| *value > i64::MAX as u64) {
        None => Ok(values.iter().map(|value| *value as i64).collect()),
        Some(index) => Err(EncodeError::OutOfRange { index, value: values[index].to_string(), kind: "int64" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrows_floats_as_tensorflow_does_but_for_infinity() {
        let values = [16_777_217.0, 1e-46, 1e-45, 3.402_823_5e38, 0.1, -0.0, f64::INFINITY, f64::NEG_INFINITY];
        let expected = [16_777_216.0, 0.0, f32::from_bits(1), f32::MAX, 0.1, -0.0, f32::INFINITY, f32::NEG_INFINITY];
        assert_eq!(to_f32s(&values).unwrap(), expected);
        let nans = [0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0000, 0x7ff0_0000_2000_0000, 0x7ff0_0000_0000_0001_u64];
        let narrow = to_f32s(&nans.map(f64::from_bits)).unwrap();
        assert_eq!(
            narrow.iter().map(|nan| nan.to_bits()).collect::<Vec<_>>(),
            [0x7fc0_0000, 0xffc0_0000, 0x7fc0_0001, 0x7fc0_0000]
        );
        let limit: f64 = 3.402_823_567_797_336_6e38;
        assert_eq!(to_f32(limit.next_down()), Some(f32::MAX));
        assert_eq!(to_f32(limit), None);
        assert_eq!(
            to_f32s(&[1.0, f64::NAN, -1e300]).expect_err("refused").to_string(),
            "value 2 is -1e300, beyond the range of float32"
        );
    }

    #[test]
    fn large_unsigned_integers_are_refused() {
        assert_eq!(to_i64s(&[0, i64::MAX as u64]).unwrap(), [0, i64::MAX]);
        assert_eq!(
            to_i64s(&[1, 1 << 63]).expect_err("refused").to_string(),
            "value 1 is 9223372036854775808, beyond the range of int64"
        );
    }
}
