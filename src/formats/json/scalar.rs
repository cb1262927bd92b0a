//! Values as tools write them: a number may be a string, an id may be either, a flag may be a number.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::text;

/// What identifies something: a whole number, or a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id {
    /// A number, also one that is written as a string or with a fraction of 0.
    Number(i64),
    /// Something else.
    Text(Box<str>),
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => write!(formatter, "{text:?}"),
        }
    }
}

/// A number; `None` for null, `NaN`, an empty string.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Number(pub Option<f64>);

/// A yes or no; `None` for null and for what says that it is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub Option<bool>);

/// A text, or the text of a number or flag; `None` for null, lists and objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Option<String>);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl Visitor<'_> for Wanted {
            type Value = Id;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an id, a whole number or a string")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Id, E> {
                Ok(Id::Number(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Id, E> {
                Ok(i64::try_from(value).map_or_else(|_| Id::Text(value.to_string().into()), Id::Number))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Id, E> {
                // Beyond 2^53 a float does not name one whole number.
                let whole = value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0;
                Ok(if whole { Id::Number(value as i64) } else { Id::Text(value.to_string().into()) })
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Id, E> {
                let value = text::trim(value);
                // "007" and 7 are two ids.
                let number = value.parse::<i64>().ok().filter(|number| number.to_string() == value);
                Ok(number.map_or_else(|| Id::Text(value.into()), Id::Number))
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl Visitor<'_> for Wanted {
            type Value = Number;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number(Some(value as f64)))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number(Some(value as f64)))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
                Ok(Number(Some(value)))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Number, E> {
                match text::trim(value) {
                    "" | "NaN" | "nan" | "null" | "None" => Ok(Number(None)),
                    value => match text::number(value) {
                        Some(number) => Ok(Number(Some(number))),
                        None => Err(E::invalid_value(serde::de::Unexpected::Str(value), &self)),
                    },
                }
            }

            fn visit_unit<E: Error>(self) -> Result<Number, E> {
                Ok(Number(None))
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl Visitor<'_> for Wanted {
            type Value = Flag;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("0, 1, true or false")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(Some(value)))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Flag, E> {
                self.visit_f64(value as f64)
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Flag, E> {
                self.visit_f64(value as f64)
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Flag, E> {
                match value {
                    0.0 => Ok(Flag(Some(false))),
                    1.0 => Ok(Flag(Some(true))),
                    -1.0 => Ok(Flag(None)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Float(value), &self)),
                }
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Flag, E> {
                let said = text::yes_or_no(value);
                said.map(Flag).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(value), &self))
            }

            fn visit_unit<E: Error>(self) -> Result<Flag, E> {
                Ok(Flag(None))
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl<'de> Visitor<'de> for Wanted {
            type Value = Text;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Text, E> {
                Ok(Text(Some(value.to_string())))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
                Ok(Text(Some(value.to_string())))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
                Ok(Text(Some(value.to_string())))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
                Ok(Text(Some(value.to_string())))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Text, E> {
                Ok(Text(Some(value.to_owned())))
            }

            fn visit_unit<E: Error>(self) -> Result<Text, E> {
                Ok(Text(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
        serde_json::from_str(text).expect(text)
    }

    #[test]
    fn numbers_may_be_strings() {
        assert_eq!(
            list::<Id>(r#"[7, "7", 7.0, "007", "a", 7.5, 18446744073709551615]"#),
            [
                Id::Number(7),
                Id::Number(7),
                Id::Number(7),
                Id::Text("007".into()),
                Id::Text("a".into()),
                Id::Text("7.5".into()),
                Id::Text("18446744073709551615".into())
            ]
        );
        let numbers = list::<Number>(r#"[1, -1, 1.5, " 2.5", "", null]"#);
        assert_eq!(
            numbers.iter().map(|number| number.0).collect::<Vec<_>>(),
            [Some(1.0), Some(-1.0), Some(1.5), Some(2.5), None, None]
        );
        let flags = list::<Flag>(r#"[0, 1, true, "no", -1, null, 1.0]"#);
        assert_eq!(
            flags.iter().map(|flag| flag.0).collect::<Vec<_>>(),
            [Some(false), Some(true), Some(true), Some(false), None, None, Some(true)]
        );
        let texts = list::<Text>(r#"["a", 1, 1.5, true, null, [1], {"a": 1}]"#);
        let texts: Vec<Option<&str>> = texts.iter().map(|text| text.0.as_deref()).collect();
        assert_eq!(texts, [Some("a"), Some("1"), Some("1.5"), Some("true"), None, None, None]);
    }

    #[test]
    fn what_means_nothing_is_an_error() {
        for text in ["[true]", "[[1]]", "[null]", "[{}]"] {
            assert!(serde_json::from_str::<Vec<Id>>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Vec<Number>>(r#"["x"]"#).is_err());
        assert!(serde_json::from_str::<Vec<Flag>>("[2]").is_err());
    }
}
