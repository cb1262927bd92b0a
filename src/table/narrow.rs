//! Numbers to float32, and whether they are other numbers then.
//!
//! A decimal fraction is hardly ever a float of any width, and what float32 makes of `0.1` is printed as `0.1` again: nothing
//! is lost. So a float counts as rounded where neither its float32 is the same number nor that float32's shortest text,
//! which is what it has more digits than float32 keeps: `16777217.5`, `1700000000.123`, `3.141592653589793`. A whole number
//! counts where its float32 is another one. It is the same for text, decimals and 64-bit floats of any format.

use crate::example::numbers::to_f32;

/// A value as float32, and whether it was rounded.
pub(super) type Narrow = (f32, bool);

/// A float; a finite one that would become infinity is refused.
#[inline]
pub(super) fn float(value: f64) -> Result<Narrow, String> {
    let narrow = to_f32(value).ok_or_else(|| format!("{value:e} is above float32"))?;
    Ok((narrow, !is_kept(narrow, value)))
}

/// A whole number.
#[inline]
pub(super) fn whole(value: i128) -> Narrow {
    let narrow = value as f32;
    (narrow, narrow as i128 != value)
}

/// A number as text has it; `None`: it is none, or a finite one that would become infinity.
pub(super) fn text(text: &str) -> Option<Narrow> {
    let narrow: f32 = text.parse().ok()?;
    if narrow.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let is_kept = match text.parse() {
        Ok(value) => !whole(value).1,
        Err(_) => is_kept(narrow, text.parse().ok()?),
    };
    Some((narrow, !is_kept))
}

/// Powers of ten that a 64-bit float has exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Whether `wide` is the number of `narrow`, or of its shortest text.
fn is_kept(narrow: f32, wide: f64) -> bool {
    if f64::from(narrow) == wide || wide.is_nan() {
        return true;
    }
    let size = wide.abs();
    // No shortest text has more than 9 digits, and every decimal of 6 outlives float32: most need not be printed to know.
    // With powers that are exact, one multiplication or division rounds as reading the text does.
    if (1e-13..1e22).contains(&size) {
        let exponent = 8 - size.log10().floor() as i32;
        let power = POWERS.get(exponent.unsigned_abs() as usize).copied().unwrap_or(f64::NAN);
        let (digits, again) = match exponent {
            0.. => {
                let digits = (size * power).round();
                (digits, digits / power)
            }
            _ => {
                let digits = (size / power).round();
                (digits, digits * power)
            }
        };
        if again != size {
            return false;
        }
        if digits % 1e3 == 0.0 {
            return true;
        }
    }
    is_shortest(narrow, wide)
}

/// Whether the shortest text of `narrow` is `wide`.
fn is_shortest(narrow: f32, wide: f64) -> bool {
    format!("{narrow:e}").parse() == Ok(wide)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_rounded() {
        for (written, is_rounded) in [
            ("0.1", false),
            ("-2.5", false),
            ("1e-3", false),
            ("1.5e30", false),
            ("0.12345679", false),
            ("0.10000000149011612", false),
            ("16777216", false),
            ("nan", false),
            ("-inf", false),
            ("0", false),
            ("1e-45", false),
            ("16777217", true),
            ("16777217.5", true),
            ("33333333333.25", true),
            ("33333334000", true),
            ("1700000000.123", true),
            ("3.141592653589793", true),
            ("0.123456789", true),
            ("1e-50", true),
        ] {
            assert_eq!(text(written).expect("a number").1, is_rounded, "{written}");
            if written.contains(['.', 'e', 'n']) {
                assert_eq!(float(written.parse().expect("a number")).expect("one").1, is_rounded, "{written}");
            }
        }
        assert_eq!((text("1e39"), text("x"), text("")), (None, None, None));
        assert_eq!(float(1e39), Err("1e39 is above float32".into()));
    }

    proptest! {
        /// What is known without printing is what printing says.
        #[test]
        fn short_cuts_lead_to_the_same_place(digits in 1_u64..2_000_000_000_000, exponent in -60_i32..40) {
            let wide: f64 = format!("{digits}e{exponent}").parse().expect("a number");
            if let Some(narrow) = to_f32(wide) {
                let expected = f64::from(narrow) == wide || is_shortest(narrow, wide);
                prop_assert_eq!(is_kept(narrow, wide), expected, "{}", wide);
            }
        }

        #[test]
        fn what_float32_prints_is_kept(bits in any::<u32>()) {
            let value = f32::from_bits(bits);
            if value.is_finite() {
                prop_assert_eq!(text(&format!("{value:?}")).map(|found| found.0), Some(value));
                let written: f64 = format!("{value:e}").parse().expect("a number");
                prop_assert_eq!((float(written), float(f64::from(value))), (Ok((value, false)), Ok((value, false))));
            }
        }
    }
}
