//! Values of typed columns (Parquet, Arrow, npz) to the three kinds of an Example.

use super::error::TableError;
use super::model::{Ask, Column, Field, Values, list_name};
use super::narrow;
use super::types::{Kind, Type};
use std::path::Path;

/// A column of a typed table, before anything was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    pub name: String,
    pub depth: u8,
    /// Or why it fits nowhere.
    pub ty: Result<Type, String>,
}

impl Typed {
    /// For a message.
    pub(super) fn shown(&self) -> String {
        let ty = self.ty.as_ref().map_or_else(|_| "unknown".to_owned(), Type::to_string);
        list_name(&ty, self.depth)
    }
}

/// The columns that are asked for, and of each its number.
pub(super) fn fields(path: &Path, there: &[Typed], ask: &Ask) -> Result<Vec<(usize, Field)>, TableError> {
    let names: Vec<String> = there.iter().map(|typed| typed.name.clone()).collect();
    for (place, name) in names.iter().enumerate() {
        if names[..place].contains(name) {
            return Err(TableError::column(path, name, "two columns have this name"));
        }
    }
    let chosen = ask.select(&names).map_err(|problem| TableError::malformed(path, problem))?;
    let field = |(place, name): (usize, String)| {
        let Some(typed) = there.get(place) else { return Err(TableError::Option(name)) };
        let source = &typed.name;
        let refused = |problem: String| TableError::column(path, source, problem);
        let from = typed.ty.clone().map_err(refused)?;
        let asked = ask.of(source);
        if asked.depth > 0 && asked.depth != typed.depth {
            return Err(refused(format!("{} cannot be read as {asked}", typed.shown())));
        }
        let (ty, kind) = resolve(from, asked.ty).map_err(refused)?;
        Ok((place, Field::new(source, name, ty, kind, typed.depth)))
    };
    chosen.into_iter().map(field).collect()
}

/// What a column of type `from` becomes.
fn resolve(from: Type, asked: Option<Type>) -> Result<(Type, Kind), String> {
    let exact = |ty: Type| ty.kind().map(|kind| (ty, kind));
    let Some(asked) = asked else {
        return exact(from)
            .ok_or_else(|| format!("{from} fits into no feature as it is; float32, string or int64 can be asked for"));
    };
    let fits = match (from, asked) {
        (Type::Decimal(..), Type::Float32 | Type::Float64 | Type::Text | Type::Int64) => true,
        (_, Type::Base64) => false,
        _ => match (from.kind(), asked.kind()) {
            (Some(Kind::Int64), Some(Kind::Int64 | Kind::Float)) => true,
            (Some(from), Some(asked)) => from == asked,
            _ => false,
        },
    };
    exact(asked).filter(|_| fits).ok_or_else(|| format!("{from} cannot be read as {asked}"))
}

impl Column {
    /// Adds a whole number.
    #[inline]
    pub(super) fn push_int(&mut self, value: i64) {
        match &mut self.values {
            Values::Int64(values) => values.push(value),
            Values::Float(values) => {
                let (value, is_rounded) = narrow::whole(value.into());
                self.rounded += u64::from(is_rounded);
                values.push(value);
            }
            Values::Bytes(_) => {}
        }
    }

    /// Adds a whole number without a sign.
    #[inline]
    pub(super) fn push_uint(&mut self, value: u64) -> Result<(), String> {
        match (&mut self.values, i64::try_from(value)) {
            (_, Ok(value)) => self.push_int(value),
            (Values::Float(values), Err(_)) => {
                let (value, is_rounded) = narrow::whole(value.into());
                self.rounded += u64::from(is_rounded);
                values.push(value);
            }
            _ => return Err(format!("{value} is above int64")),
        }
        Ok(())
    }

    /// Adds a float.
    #[inline]
    pub(super) fn push_float(&mut self, value: f64) -> Result<(), String> {
        if let Values::Float(values) = &mut self.values {
            let (value, is_rounded) = narrow::float(value)?;
            self.rounded += u64::from(is_rounded);
            values.push(value);
        }
        Ok(())
    }

    /// Adds a float that is exact.
    #[inline]
    pub(super) fn push_float32(&mut self, value: f32) {
        if let Values::Float(values) = &mut self.values {
            values.push(value);
        }
    }

    /// Adds a byte string.
    #[inline]
    pub(super) fn push_bytes(&mut self, value: &[u8]) {
        if let Values::Bytes(values) = &mut self.values {
            values.push(value);
        }
    }

    /// Adds `unscaled / 10^scale`.
    pub(super) fn push_decimal(&mut self, unscaled: i128, scale: i8) -> Result<(), String> {
        let text = decimal_text(unscaled, scale);
        match &mut self.values {
            Values::Bytes(values) => values.push(text.as_bytes()),
            Values::Float(values) => {
                let (value, is_rounded) = narrow::text(&text).ok_or_else(|| format!("{text} is above float32"))?;
                self.rounded += u64::from(is_rounded);
                values.push(value);
            }
            Values::Int64(values) => {
                let whole = match text.split_once('.') {
                    Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
                    Some(_) => return Err(format!("{text} is no int64")),
                    None => &text,
                };
                values.push(whole.parse().map_err(|_| format!("{text} is above int64"))?);
            }
        }
        Ok(())
    }
}

/// As SQL writes it: as many digits behind the point as the scale says.
fn decimal_text(unscaled: i128, scale: i8) -> String {
    let digits = unscaled.unsigned_abs().to_string();
    let sign = if unscaled < 0 { "-" } else { "" };
    match usize::try_from(scale) {
        Ok(0) => format!("{sign}{digits}"),
        Ok(scale) => {
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            format!("{sign}{whole}.{fraction}")
        }
        Err(_) => format!("{sign}{digits}{}", "0".repeat(usize::from(scale.unsigned_abs()))),
    }
}

/// 16-bit floats, IEEE 754 binary16, to 32 bits: exact.
pub(super) fn half_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, fraction) = (u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    match exponent {
        0 => {
            let size = fraction as f32 * 2.0_f32.powi(-24);
            f32::from_bits(sign | size.to_bits())
        }
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

/// A two's complement number of at most 16 bytes, the highest first.
pub(super) fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    let filler = if first & 0x80 != 0 { 0xff } else { 0 };
    let (over, rest) = bytes.split_at(bytes.len().saturating_sub(16));
    let fits = over.iter().all(|byte| *byte == filler) && (over.is_empty() || (rest.first()? ^ filler) & 0x80 == 0);
    let mut wide = [filler; 16];
    wide[16 - rest.len()..].copy_from_slice(rest);
    fits.then(|| i128::from_be_bytes(wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        for (unscaled, scale, text) in [
            (12345, 2, "123.45"),
            (-5, 3, "-0.005"),
            (0, 2, "0.00"),
            (7, 0, "7"),
            (-12, -3, "-12000"),
            (i128::MIN, 38, "-1.70141183460469231731687303715884105728"),
        ] {
            assert_eq!(decimal_text(unscaled, scale), text);
        }
        assert_eq!(big_endian(&[0xff, 0xfe]), Some(-2));
        assert_eq!(big_endian(&[1, 0]), Some(256));
        assert_eq!(big_endian(&[]), None);
        let mut wide = [0xff; 17];
        assert_eq!(big_endian(&wide), Some(-1));
        wide[1] = 0x7f;
        assert_eq!(big_endian(&wide), None);
    }

    /// Python's `struct.unpack("<e", ...)`.
    #[test]
    fn halves() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x7bff, 65504.0),
            (0x7c00, f32::INFINITY),
            (0x8000, -0.0),
        ] {
            assert_eq!(half_to_f32(bits).to_bits(), f32::to_bits(value), "{bits:x}");
        }
        assert!(half_to_f32(0x7e00).is_nan());
    }

    #[test]
    fn what_may_be_asked_for() {
        let exact = |ty: Type| Ok((ty, ty.kind().expect("a kind")));
        assert_eq!(resolve(Type::UInt8, None), exact(Type::UInt8));
        assert_eq!(resolve(Type::Int64, Some(Type::Float32)), exact(Type::Float32));
        assert_eq!(resolve(Type::Decimal(5, 2), Some(Type::Text)), exact(Type::Text));
        let refused = "decimal(5,2) fits into no feature as it is; float32, string or int64 can be asked for";
        assert_eq!(resolve(Type::Decimal(5, 2), None), Err(refused.into()));
        assert_eq!(resolve(Type::Float32, Some(Type::Int64)), Err("float32 cannot be read as int64".into()));
        assert_eq!(resolve(Type::Text, Some(Type::Base64)), Err("string cannot be read as base64".into()));
    }
}
