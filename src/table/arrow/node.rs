//! What an array's elements are: a field of a schema.

use crate::table::types::{Type, Unit};

/// How the elements lie in the buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::table) enum Layout {
    Null,
    Bool,
    /// Of so many bytes, with a sign or without.
    Int(u8, bool),
    /// Of so many bytes.
    Float(u8),
    /// Byte strings behind offsets of 32 bits, or 64.
    Bytes(bool),
    /// Byte strings of which short ones lie in place.
    View,
    /// Byte strings of one length.
    Fixed(usize),
    /// Of so many bytes, with so many digits behind the point.
    Decimal(u8, i8),
    /// Behind offsets of 32 bits, or 64.
    List(bool),
    /// Behind offsets and sizes.
    ListView(bool),
    /// Lists of one length.
    FixedList(usize),
    Struct,
    Map,
    /// What no feature can carry.
    Other(String),
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::table) struct Node {
    pub name: String,
    pub layout: Layout,
    /// What the elements mean; of nested ones it means nothing.
    pub ty: Type,
    pub children: Vec<Node>,
    /// What the elements are numbers of.
    pub dictionary: Option<Box<Node>>,
}

impl Node {
    /// Of a format string of the C data interface.
    pub(super) fn of_format(name: &str, format: &str) -> Self {
        let (layout, ty) =
            of_format(format).unwrap_or_else(|| (Layout::Other(format!("Arrow's {format:?}")), Type::Int64));
        Self { name: name.to_owned(), layout, ty, children: Vec::new(), dictionary: None }
    }
}

fn unit(letter: char) -> Option<Unit> {
    Some(match letter {
        's' => Unit::Second,
        'm' => Unit::Milli,
        'u' => Unit::Micro,
        'n' => Unit::Nano,
        _ => return None,
    })
}

fn of_format(format: &str) -> Option<(Layout, Type)> {
    let int = |bytes, signed, ty| Some((Layout::Int(bytes, signed), ty));
    match format {
        "n" => return Some((Layout::Null, Type::Text)),
        "b" => return Some((Layout::Bool, Type::Bool)),
        "c" => return int(1, true, Type::Int8),
        "C" => return int(1, false, Type::UInt8),
        "s" => return int(2, true, Type::Int16),
        "S" => return int(2, false, Type::UInt16),
        "i" => return int(4, true, Type::Int32),
        "I" => return int(4, false, Type::UInt32),
        "l" => return int(8, true, Type::Int64),
        "L" => return int(8, false, Type::UInt64),
        "e" => return Some((Layout::Float(2), Type::Float16)),
        "f" => return Some((Layout::Float(4), Type::Float32)),
        "g" => return Some((Layout::Float(8), Type::Float64)),
        "z" => return Some((Layout::Bytes(false), Type::Binary)),
        "Z" => return Some((Layout::Bytes(true), Type::Binary)),
        "u" => return Some((Layout::Bytes(false), Type::Text)),
        "U" => return Some((Layout::Bytes(true), Type::Text)),
        "vz" => return Some((Layout::View, Type::Binary)),
        "vu" => return Some((Layout::View, Type::Text)),
        "tdD" => return int(4, true, Type::Date),
        "tdm" => return int(8, true, Type::Timestamp(Unit::Milli, false)),
        "+l" => return Some((Layout::List(false), Type::Int64)),
        "+L" => return Some((Layout::List(true), Type::Int64)),
        "+vl" => return Some((Layout::ListView(false), Type::Int64)),
        "+vL" => return Some((Layout::ListView(true), Type::Int64)),
        "+s" => return Some((Layout::Struct, Type::Int64)),
        "+m" => return Some((Layout::Map, Type::Int64)),
        _ => {}
    }
    if let Some(size) = format.strip_prefix("w:") {
        return Some((Layout::Fixed(size.parse().ok()?), Type::Binary));
    }
    if let Some(size) = format.strip_prefix("+w:") {
        return Some((Layout::FixedList(size.parse().ok()?), Type::Int64));
    }
    if let Some(numbers) = format.strip_prefix("d:") {
        let mut numbers = numbers.split(',');
        let (precision, scale) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        let bits: u16 = numbers.next().map_or(Some(128), |bits| bits.parse().ok())?;
        return Some((Layout::Decimal(u8::try_from(bits / 8).ok()?, scale), Type::Decimal(precision, scale)));
    }
    let mut letters = format.strip_prefix('t')?.chars();
    let (kind, unit) = (letters.next()?, unit(letters.next()?)?);
    match (kind, letters.as_str()) {
        ('t', "") => int(if matches!(unit, Unit::Second | Unit::Milli) { 4 } else { 8 }, true, Type::Time(unit)),
        ('D', "") => int(8, true, Type::Duration(unit)),
        ('s', zone) => int(8, true, Type::Timestamp(unit, !zone.strip_prefix(':')?.is_empty())),
        _ => None,
    }
}

/// The format string of a node that [`schema`](super::schema) has made.
pub(in crate::table) fn format(node: &Node) -> String {
    match node.layout {
        Layout::Struct => "+s".into(),
        Layout::List(_) => "+l".into(),
        _ => format_of(node.ty),
    }
}

/// The format string of a type that an Example carries.
pub(super) fn format_of(ty: Type) -> String {
    let letter = |unit: Unit| match unit {
        Unit::Second => 's',
        Unit::Milli => 'm',
        Unit::Micro => 'u',
        Unit::Nano => 'n',
    };
    match ty {
        Type::Bool => "b".into(),
        Type::Int8 => "c".into(),
        Type::Int16 => "s".into(),
        Type::Int32 => "i".into(),
        Type::Int64 | Type::Decimal(..) => "l".into(),
        Type::UInt8 => "C".into(),
        Type::UInt16 => "S".into(),
        Type::UInt32 => "I".into(),
        Type::UInt64 => "L".into(),
        Type::Float16 | Type::Float32 => "f".into(),
        Type::Float64 => "g".into(),
        Type::Text => "u".into(),
        Type::Binary | Type::Base64 => "z".into(),
        Type::Date => "tdD".into(),
        Type::Time(unit) => format!("tt{}", letter(unit)),
        Type::Timestamp(unit, utc) => format!("ts{}:{}", letter(unit), if utc { "UTC" } else { "" }),
        Type::Duration(unit) => format!("tD{}", letter(unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of <https://arrow.apache.org/docs/format/CDataInterface.html>.
    #[test]
    fn formats() {
        for (format, layout, ty) in [
            ("d:19,10", Layout::Decimal(16, 10), "decimal(19,10)"),
            ("d:19,10,256", Layout::Decimal(32, 10), "decimal(19,10)"),
            ("w:42", Layout::Fixed(42), "binary"),
            ("tsu:", Layout::Int(8, true), "timestamp[us]"),
            ("tsn:Europe/Paris", Layout::Int(8, true), "timestamp[ns, UTC]"),
            ("ttm", Layout::Int(4, true), "time[ms]"),
            ("tDs", Layout::Int(8, true), "duration[s]"),
        ] {
            let node = Node::of_format("x", format);
            assert_eq!((node.layout, node.ty.to_string()), (layout, ty.to_owned()), "{format}");
        }
        assert_eq!(Node::of_format("x", "+w:123").layout, Layout::FixedList(123));
        for other in ["tiM", "+ud:0,1", "+r", "d:", "w:x", ""] {
            assert!(matches!(Node::of_format("x", other).layout, Layout::Other(_)), "{other}");
        }
    }

    #[test]
    fn types_have_the_format_that_is_read_back() {
        let mut types = vec![Type::Bool, Type::Int8, Type::UInt64, Type::Float64, Type::Text, Type::Binary, Type::Date];
        types.extend([Type::Time(Unit::Second), Type::Timestamp(Unit::Nano, true), Type::Duration(Unit::Micro)]);
        for ty in types {
            assert_eq!(Node::of_format("x", &format_of(ty)).ty, ty);
        }
    }
}
