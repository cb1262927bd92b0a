//! The columns of a Parquet file, as a table has them: lists by the rules of
//! <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists>, old ones too.

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::Type as Node;

use crate::table::columnar::Typed;
use crate::table::types::{Type, Unit};

/// The definition level at which a list is there, and the one at which it has an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListLevels {
    pub there: i16,
    pub element: i16,
}

/// A leaf of the schema, in the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub typed: Typed,
    /// For each list around the value, the outermost first.
    pub lists: Vec<ListLevels>,
    /// The level at which the value is there.
    pub value: i16,
}

/// The leaves of a schema, one for each column of the file.
pub(super) fn leaves(root: &Node, flatten: bool) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let place = Place { name: String::new(), definition: 0, lists: Vec::new(), problem: None, flatten };
    if root.is_group() {
        root.get_fields().iter().for_each(|node| walk(node, &place, &mut leaves));
    }
    leaves
}

/// Where the walk is.
#[derive(Clone, Debug)]
struct Place {
    name: String,
    definition: i16,
    lists: Vec<ListLevels>,
    problem: Option<String>,
    flatten: bool,
}

impl Place {
    /// Below a node of that repetition.
    fn below(&self, node: &Node) -> Self {
        let mut below = self.clone();
        let repetition = if node.get_basic_info().has_repetition() {
            node.get_basic_info().repetition()
        } else {
            Repetition::REQUIRED
        };
        match repetition {
            Repetition::REQUIRED => {}
            Repetition::OPTIONAL => below.definition += 1,
            Repetition::REPEATED => {
                let there = below.definition;
                below.definition += 1;
                below.lists.push(ListLevels { there, element: below.definition });
            }
        }
        below
    }

    fn fails(mut self, problem: &str) -> Self {
        self.problem.get_or_insert_with(|| problem.to_owned());
        self
    }
}

fn walk(node: &Node, above: &Place, leaves: &mut Vec<Leaf>) {
    let mut place = above.below(node);
    if place.name.is_empty() {
        node.name().clone_into(&mut place.name);
    } else {
        place.name = format!("{}/{}", place.name, node.name());
    }
    value(node, place, leaves);
}

/// The value that `node` is, at `place`, where its own repetition is counted already.
fn value(node: &Node, place: Place, leaves: &mut Vec<Leaf>) {
    if node.is_primitive() {
        let ty = match place.problem {
            None => of(node),
            Some(problem) => Err(problem),
        };
        let depth = u8::try_from(place.lists.len()).unwrap_or(u8::MAX);
        let typed = Typed { name: place.name, depth, ty };
        leaves.push(Leaf { typed, lists: place.lists, value: place.definition });
        return;
    }
    let (children, converted) = (node.get_fields(), node.get_basic_info().converted_type());
    let logical = node.get_basic_info().logical_type_ref();
    let is_list = matches!(logical, Some(LogicalType::List)) || converted == ConvertedType::LIST;
    let is_map = matches!(logical, Some(LogicalType::Map))
        || matches!(converted, ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE);
    if let ([repeated], true) = (children, is_list)
        && repeated.get_basic_info().has_repetition()
        && repeated.get_basic_info().repetition() == Repetition::REPEATED
    {
        let inner = place.below(repeated);
        let is_element = repeated.is_primitive()
            || repeated.get_fields().len() != 1
            || repeated.name() == "array"
            || repeated.name() == format!("{}_tuple", node.name());
        return match (is_element, repeated.is_group().then(|| repeated.get_fields())) {
            (false, Some([element])) => {
                let inner = inner.below(element);
                value(element, inner, leaves);
            }
            _ => value(repeated, inner, leaves),
        };
    }
    let problem = match (is_map, place.lists.is_empty(), place.flatten) {
        (true, ..) => Some("a map fits into no feature"),
        (_, false, _) => Some("a list of structs fits into no feature"),
        (_, _, false) => Some("a struct fits into no feature; flatten makes columns of its members"),
        (_, true, true) => None,
    };
    let place = match problem {
        Some(problem) => place.fails(problem),
        None => place,
    };
    match place.problem {
        // Its leaves are columns of the file, though none of the table.
        Some(_) => children.iter().for_each(|child| value_named(child, &place, leaves)),
        None => children.iter().for_each(|child| walk(child, &place, leaves)),
    }
}

/// Below what fits nowhere, every leaf bears the name of that.
fn value_named(node: &Node, above: &Place, leaves: &mut Vec<Leaf>) {
    let place = above.below(node);
    match node.is_primitive() {
        true => value(node, place, leaves),
        false => node.get_fields().iter().for_each(|child| value_named(child, &place, leaves)),
    }
}

fn unit(unit: &TimeUnit) -> Unit {
    match unit {
        TimeUnit::MILLIS => Unit::Milli,
        TimeUnit::MICROS => Unit::Micro,
        TimeUnit::NANOS => Unit::Nano,
    }
}

fn of(node: &Node) -> Result<Type, String> {
    let info = node.get_basic_info();
    let physical = node.get_physical_type();
    if let Some(logical) = info.logical_type_ref() {
        return Ok(match (logical, physical) {
            (LogicalType::Integer(int), Physical::INT32 | Physical::INT64) => match (int.bit_width, int.is_signed) {
                (8, true) => Type::Int8,
                (16, true) => Type::Int16,
                (32, true) => Type::Int32,
                (8, false) => Type::UInt8,
                (16, false) => Type::UInt16,
                (32, false) => Type::UInt32,
                (64, false) => Type::UInt64,
                _ => Type::Int64,
            },
            (LogicalType::Date, Physical::INT32) => Type::Date,
            (LogicalType::Time(time), Physical::INT32 | Physical::INT64) => Type::Time(unit(&time.unit)),
            (LogicalType::Timestamp(time), Physical::INT64) => {
                Type::Timestamp(unit(&time.unit), time.is_adjusted_to_u_t_c)
            }
            (LogicalType::Decimal(decimal), _) => decimal_of(decimal.precision, decimal.scale)?,
            (LogicalType::Float16, Physical::FIXED_LEN_BYTE_ARRAY) => Type::Float16,
            (LogicalType::String | LogicalType::Enum | LogicalType::Json, Physical::BYTE_ARRAY) => Type::Text,
            _ => plain(physical),
        });
    }
    Ok(match (info.converted_type(), physical) {
        (ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON, Physical::BYTE_ARRAY) => Type::Text,
        (ConvertedType::DECIMAL, _) => decimal_of(node.get_precision(), node.get_scale())?,
        (ConvertedType::DATE, Physical::INT32) => Type::Date,
        (ConvertedType::TIME_MILLIS, Physical::INT32) => Type::Time(Unit::Milli),
        (ConvertedType::TIME_MICROS, Physical::INT64) => Type::Time(Unit::Micro),
        (ConvertedType::TIMESTAMP_MILLIS, Physical::INT64) => Type::Timestamp(Unit::Milli, true),
        (ConvertedType::TIMESTAMP_MICROS, Physical::INT64) => Type::Timestamp(Unit::Micro, true),
        (ConvertedType::UINT_8, Physical::INT32) => Type::UInt8,
        (ConvertedType::UINT_16, Physical::INT32) => Type::UInt16,
        (ConvertedType::UINT_32, Physical::INT32) => Type::UInt32,
        (ConvertedType::UINT_64, Physical::INT64) => Type::UInt64,
        (ConvertedType::INT_8, Physical::INT32) => Type::Int8,
        (ConvertedType::INT_16, Physical::INT32) => Type::Int16,
        (_, physical) => plain(physical),
    })
}

fn decimal_of(precision: i32, scale: i32) -> Result<Type, String> {
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision), Ok(scale)) => Ok(Type::Decimal(precision, scale)),
        _ => Err(format!("decimal({precision},{scale}) is none")),
    }
}

fn plain(physical: Physical) -> Type {
    match physical {
        Physical::BOOLEAN => Type::Bool,
        Physical::INT32 => Type::Int32,
        Physical::INT64 => Type::Int64,
        Physical::INT96 => Type::Timestamp(Unit::Nano, false),
        Physical::FLOAT => Type::Float32,
        Physical::DOUBLE => Type::Float64,
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => Type::Binary,
    }
}

#[cfg(test)]
mod tests {
    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn described(schema: &str, flatten: bool) -> Vec<String> {
        let root = parse_message_type(schema).expect("a schema");
        let describe = |leaf: Leaf| {
            let lists: String = leaf.lists.iter().map(|list| format!(" {}/{}", list.there, list.element)).collect();
            let ty = leaf.typed.ty.map_or_else(|problem| problem, |ty| ty.to_string());
            format!("{} {ty} {}{lists}", leaf.typed.name, leaf.value)
        };
        leaves(&root, flatten).into_iter().map(describe).collect()
    }

    #[test]
    fn columns_of_schemas() {
        let schema = "message m {
            required int64 id;
            optional binary name (UTF8);
            optional int32 day (DATE);
            required int32 small (INTEGER(8,false));
            optional group tags (LIST) { repeated group list { optional float element; } }
            required group old (LIST) { repeated int32 array; }
            repeated double bare;
            optional group deep (LIST) { repeated group list { required group element (LIST) {
                repeated group list { required binary element; } } } }
        }";
        let expected = [
            "id int64 0",
            "name string 1",
            "day date 1",
            "small uint8 0",
            "tags float32 3 1/2",
            "old int32 1 0/1",
            "bare float64 1 0/1",
            "deep binary 3 1/2 2/3",
        ];
        assert_eq!(described(schema, false), expected);
    }

    #[test]
    fn what_fits_nowhere() {
        let schema = "message m {
            optional group s { required int64 a; optional group t { optional int64 b; } }
            optional group m (MAP) { repeated group key_value { required binary key; optional int32 value; } }
        }";
        let structs = "a struct fits into no feature; flatten makes columns of its members";
        let map = "a map fits into no feature";
        let refused =
            [format!("s {structs} 1"), format!("s {structs} 3"), format!("m {map} 2 1/2"), format!("m {map} 3 1/2")];
        assert_eq!(described(schema, false), refused);
        assert_eq!(described(schema, true)[..2], ["s/a int64 1", "s/t/b int64 3"]);
    }
}
