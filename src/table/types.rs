//! What a column holds: the type that a table's format has for it, and the list of an Example that carries it.
//!
//! | type | feature | |
//! |---|---|---|
//! | `bool`, `int8` ... `int64`, `uint8` ... `uint64` | `int64_list` | a uint64 above int64 is refused with its row |
//! | `float16`, `float32` | `float_list` | exact |
//! | `float64` | `float_list` | the nearest float32, counted where that has too few digits for it; one that would become infinity is refused |
//! | `string`, `binary` | `bytes_list` | |
//! | `base64` | `bytes_list` | in CSV and JSON lines alone, and only where it is asked for |
//! | `date`, `time[..]`, `timestamp[..]`, `duration[..]` | `int64_list` | the number that the format has: days, or the unit named |
//! | `decimal(p,s)` | | refused unless a `float32`, a `string` or (for whole numbers) an `int64` is asked for |

use std::fmt;

use super::model::list_name;

/// The three lists of an Example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `int64_list`
    Int64,
    /// `float_list`
    Float,
    /// `bytes_list`
    Bytes,
}

impl Kind {
    /// As it is called in the message.
    pub fn list(self) -> &'static str {
        match self {
            Self::Int64 => "int64_list",
            Self::Float => "float_list",
            Self::Bytes => "bytes_list",
        }
    }
}

/// Of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Second,
    Milli,
    Micro,
    Nano,
}

impl Unit {
    const ALL: [Self; 4] = [Self::Second, Self::Milli, Self::Micro, Self::Nano];

    /// `s`, `ms`, `us` or `ns`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Milli => "ms",
            Self::Micro => "us",
            Self::Nano => "ns",
        }
    }
}

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the module's head has them")]
pub enum Type {
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float16,
    Float32,
    Float64,
    Text,
    Binary,
    Base64,
    Date,
    Time(Unit),
    Timestamp(Unit, bool),
    Duration(Unit),
    Decimal(u8, i8),
}

/// Types that have a name of one word.
const NAMED: [(&str, Type); 16] = [
    ("bool", Type::Bool),
    ("int8", Type::Int8),
    ("int16", Type::Int16),
    ("int32", Type::Int32),
    ("int64", Type::Int64),
    ("uint8", Type::UInt8),
    ("uint16", Type::UInt16),
    ("uint32", Type::UInt32),
    ("uint64", Type::UInt64),
    ("float16", Type::Float16),
    ("float32", Type::Float32),
    ("float64", Type::Float64),
    ("string", Type::Text),
    ("binary", Type::Binary),
    ("base64", Type::Base64),
    ("date", Type::Date),
];

impl Type {
    /// The list that carries it; a decimal has none.
    pub fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::Float16 | Self::Float32 | Self::Float64 => Kind::Float,
            Self::Text | Self::Binary | Self::Base64 => Kind::Bytes,
            Self::Decimal(..) => return None,
            _ => Kind::Int64,
        })
    }

    /// Reads a name, as `Display` writes it; `float`, `double`, `int`, `text` and `bytes` are understood too.
    pub fn parse(name: &str) -> Result<Self, String> {
        let word = match name {
            "float" => "float32",
            "double" => "float64",
            "int" => "int64",
            "text" | "str" | "utf8" => "string",
            "bytes" => "binary",
            name => name,
        };
        if let Some((_, found)) = NAMED.iter().find(|(name, _)| *name == word) {
            return Ok(*found);
        }
        let timed = Unit::ALL.into_iter().flat_map(|unit| {
            [Self::Time(unit), Self::Timestamp(unit, false), Self::Timestamp(unit, true), Self::Duration(unit)]
        });
        timed.into_iter().find(|timed| timed.to_string() == name).ok_or_else(|| {
            let names: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
            format!(
                "type {name:?}: expected {}, time[us], timestamp[us], timestamp[us, UTC], duration[us], or list<...> of one",
                names.join(", ")
            )
        })
    }

    /// The numbers that a type of whole numbers has.
    pub fn range(self) -> Option<(i64, i64)> {
        Some(match self {
            Self::Bool => (0, 1),
            Self::Int8 => (i8::MIN.into(), i8::MAX.into()),
            Self::Int16 => (i16::MIN.into(), i16::MAX.into()),
            Self::Int32 | Self::Date | Self::Time(Unit::Second | Unit::Milli) => (i32::MIN.into(), i32::MAX.into()),
            Self::UInt8 => (0, u8::MAX.into()),
            Self::UInt16 => (0, u16::MAX.into()),
            Self::UInt32 => (0, u32::MAX.into()),
            Self::UInt64 => (0, i64::MAX),
            Self::Int64 | Self::Time(_) | Self::Timestamp(..) | Self::Duration(_) => (i64::MIN, i64::MAX),
            _ => return None,
        })
    }
}

/// What is asked for of a column: a type, lists, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Of the values; `None`: as inferred.
    pub ty: Option<Type>,
    /// How many lists are around them; 0: as many as inferred.
    pub depth: u8,
}

impl Asked {
    /// Reads `float32`, `list<float32>` or `list`.
    pub fn parse(name: &str) -> Result<Self, String> {
        let (mut inner, mut depth) = (name, 0);
        while let Some(within) = inner.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>'))
            && depth < 2
        {
            (inner, depth) = (within, depth + 1);
        }
        if inner == "list" && depth < 2 {
            return Ok(Self { ty: None, depth: depth + 1 });
        }
        Ok(Self { ty: Some(Type::parse(inner)?), depth })
    }
}

impl From<Type> for Asked {
    fn from(ty: Type) -> Self {
        Self { ty: Some(ty), depth: 0 }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ty {
            Some(ty) => f.write_str(&list_name(&ty.to_string(), self.depth)),
            None => f.write_str(&list_name("list", self.depth.saturating_sub(1))),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = NAMED.iter().find(|(_, named)| named == self) {
            return f.write_str(name);
        }
        match self {
            Self::Time(unit) => write!(f, "time[{}]", unit.name()),
            Self::Timestamp(unit, false) => write!(f, "timestamp[{}]", unit.name()),
            Self::Timestamp(unit, true) => write!(f, "timestamp[{}, UTC]", unit.name()),
            Self::Duration(unit) => write!(f, "duration[{}]", unit.name()),
            Self::Decimal(precision, scale) => write!(f, "decimal({precision},{scale})"),
            _ => unreachable!("it has a name"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_them() {
        for name in ["int8", "list", "list<float32>", "list<list<timestamp[us, UTC]>>", "list<list>"] {
            assert_eq!(Asked::parse(name).expect(name).to_string(), name);
        }
        assert_eq!(Asked::parse("list<double>"), Ok(Asked { ty: Some(Type::Float64), depth: 1 }));
        for name in ["list<>", "list<int8", "list<list<list>>", "list<list<list<int8>>>", "lists", ""] {
            Asked::parse(name).expect_err(name);
        }
    }

    #[test]
    fn names_are_read_back() {
        for name in ["int8", "string", "date", "time[ns]", "timestamp[ms]", "timestamp[us, UTC]", "duration[s]"] {
            assert_eq!(Type::parse(name).expect(name).to_string(), name);
        }
        assert_eq!(Type::parse("double"), Ok(Type::Float64));
        assert!(Type::parse("int7").expect_err("no type").starts_with("type \"int7\": expected bool, int8, "));
        assert_eq!(Type::Decimal(10, 2).to_string(), "decimal(10,2)");
    }
}
