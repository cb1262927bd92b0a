//! The header of a `.npy` file.

use std::io::Read;

use crate::table::types::{Type, Unit};

/// What an array is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub dtype: Dtype,
    pub shape: Vec<u64>,
    /// Bytes in front of the elements.
    pub len: u64,
}

/// What its elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dtype {
    pub letter: u8,
    /// Bytes of an element.
    pub size: usize,
    pub is_big: bool,
    pub ty: Type,
}

/// Of a header; numpy itself has 10,000.
const MAX_LEN: usize = 1 << 16;

impl Header {
    pub(super) fn read(from: &mut impl Read) -> Result<Self, String> {
        let mut head = [0; 10];
        let failed = |error: std::io::Error| error.to_string();
        from.read_exact(&mut head).map_err(failed)?;
        if !head.starts_with(b"\x93NUMPY") {
            return Err("no array of numpy".into());
        }
        let (version, short) = (head[6], u16::from_le_bytes([head[8], head[9]]));
        let (len, before) = match version {
            1 => (usize::from(short), 10),
            2 | 3 => {
                let mut more = [0; 2];
                from.read_exact(&mut more).map_err(failed)?;
                (usize::from(short) | usize::from(u16::from_le_bytes(more)) << 16, 12)
            }
            version => return Err(format!("version {version} of numpy's format")),
        };
        if len > MAX_LEN {
            return Err(format!("a header of {len} bytes"));
        }
        let mut text = vec![0; len];
        from.read_exact(&mut text).map_err(failed)?;
        let text = std::str::from_utf8(&text).map_err(|_| "a header that is no UTF-8".to_owned())?;
        let (dtype, shape) = parse(text)?;
        Ok(Self { dtype, shape, len: (before + len) as u64 })
    }

    /// Elements of each row; those of a scalar's none.
    pub(super) fn each(&self) -> Option<u64> {
        let (_, inner) = self.shape.split_first()?;
        inner.iter().try_fold(1_u64, |each, size| each.checked_mul(*size))
    }
}

/// Behind `'key':`.
fn value<'t>(text: &'t str, key: &str) -> Result<&'t str, String> {
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let found = quoted.iter().find_map(|quoted| text.split_once(quoted.as_str()));
    let value = found.and_then(|(_, behind)| behind.trim_start().strip_prefix(':')).map(str::trim_start);
    value.ok_or_else(|| format!("a header without {key}"))
}

fn parse(text: &str) -> Result<(Dtype, Vec<u64>), String> {
    let descr = value(text, "descr")?;
    if descr.starts_with('[') {
        return Err("an array of structs; each member can be an array of its own".into());
    }
    let descr = descr.split(['\'', '"']).nth(1).ok_or("a header without descr")?;
    let shape = value(text, "shape")?.strip_prefix('(').and_then(|shape| shape.split_once(')'));
    let (shape, _) = shape.ok_or("a header without shape")?;
    let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
    let shape: Vec<u64> = sizes
        .map(|size| size.trim_end_matches('L').parse().map_err(|_| format!("a shape of {size:?}")))
        .collect::<Result<_, String>>()?;
    if value(text, "fortran_order")?.starts_with("True") && shape.len() > 1 {
        return Err("an array in Fortran's order; numpy.ascontiguousarray gives the other".into());
    }
    Ok((dtype(descr)?, shape))
}

fn dtype(descr: &str) -> Result<Dtype, String> {
    let unknown = || format!("an array of {descr:?} fits into no feature");
    let mut letters = descr.chars();
    let order = letters.next().ok_or_else(unknown)?;
    let letter = letters.next().filter(char::is_ascii).ok_or_else(unknown)?;
    let rest = letters.as_str();
    if letter == 'O' {
        return Err("an array of objects is a pickle, which is not read".into());
    }
    let (size, unit) = rest.split_once('[').map_or((rest, None), |(size, unit)| (size, unit.strip_suffix(']')));
    let size: usize = size.parse().map_err(|_| unknown())?;
    let unit = match unit {
        Some("s") => Some(Unit::Second),
        Some("ms") => Some(Unit::Milli),
        Some("us") => Some(Unit::Micro),
        Some("ns") => Some(Unit::Nano),
        _ => None,
    };
    let ty = match (letter, size, unit) {
        ('b', 1, _) => Type::Bool,
        ('i', 1, _) => Type::Int8,
        ('i', 2, _) => Type::Int16,
        ('i', 4, _) => Type::Int32,
        ('i', 8, _) => Type::Int64,
        ('u', 1, _) => Type::UInt8,
        ('u', 2, _) => Type::UInt16,
        ('u', 4, _) => Type::UInt32,
        ('u', 8, _) => Type::UInt64,
        ('f', 2, _) => Type::Float16,
        ('f', 4, _) => Type::Float32,
        ('f', 8, _) => Type::Float64,
        ('M', 8, Some(unit)) => Type::Timestamp(unit, false),
        ('M', 8, None) if rest.ends_with("[D]") => Type::Date,
        ('m', 8, Some(unit)) => Type::Duration(unit),
        ('S', ..) => Type::Binary,
        ('U', ..) => Type::Text,
        _ => return Err(unknown()),
    };
    let size = if letter == 'U' { size.checked_mul(4).ok_or_else(unknown)? } else { size };
    Ok(Dtype { letter: letter as u8, size, is_big: order == '>', ty })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(descr: &str, shape: &str) -> Result<(String, Vec<u64>), String> {
        let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((text.len() as u16).to_le_bytes());
        file.extend(text.as_bytes());
        Header::read(&mut file.as_slice()).map(|header| (header.dtype.ty.to_string(), header.shape))
    }

    #[test]
    fn headers() {
        for (descr, shape, ty, sizes) in [
            ("'<f4'", "(3, 4)", "float32", vec![3, 4]),
            ("'|b1'", "(2,)", "bool", vec![2]),
            ("'>i2'", "()", "int16", vec![]),
            ("'<U5'", "(1,)", "string", vec![1]),
            ("'<M8[us]'", "(0,)", "timestamp[us]", vec![0]),
            ("'<M8[D]'", "(1,)", "date", vec![1]),
            ("'<m8[ns]'", "(1,)", "duration[ns]", vec![1]),
        ] {
            assert_eq!(read(descr, shape), Ok((ty.to_owned(), sizes)), "{descr}");
        }
        for (descr, shape, problem) in [
            ("'|O'", "(1,)", "an array of objects is a pickle, which is not read"),
            ("'<c8'", "(1,)", "an array of \"<c8\" fits into no feature"),
            ("[('a', '<i4')]", "(1,)", "an array of structs; each member can be an array of its own"),
            ("'<f4'", "(-1,)", "a shape of \"-1\""),
            ("''", "(1,)", "an array of \"\" fits into no feature"),
        ] {
            assert_eq!(read(descr, shape), Err(problem.to_owned()), "{descr}");
        }
        assert!(Header::read(&mut &b"\x93NUMPY\x02\x00\xff\xff\xff\xff"[..]).is_err());
    }
}
