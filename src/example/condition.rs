//! Conditions on the features of an Example, as people write them.
//!
//! ```text
//! key            the feature is there and has a value      !key           it is not, or has none
//! key=value      one of its values is that                 key!=value     none of its values is
//! key<number     one of its values is less; also <= > >=   key~=pattern   one of its texts matches * ? [a-z]
//! len(key)>=2    so many values; with any of = != < <= > >=
//! ```
//!
//! Blanks around key and value are no matter. A feature without values, or of another kind than the value, equals nothing.
//! Steps of a SequenceExample's list count as the values of one feature.

use std::cmp::Ordering;
use std::fmt;

use super::{FeatureLists, Features, SequenceExample, Values};

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Present,
    Absent,
    /// Some value compares so.
    Any(Comparison, Wanted),
    /// No value equals it.
    None(Wanted),
    /// Some text matches.
    Matches(glob::Pattern),
    /// The number of values compares so; or, the other way, does not.
    Len(Comparison, u64),
    LenIsNot(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Comparison {
    less: bool,
    equal: bool,
    greater: bool,
}

/// A value in every kind that it can be.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    text: String,
    int: Option<i64>,
    float: Option<f64>,
}

/// Why a text is no [`Condition`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    text: String,
    why: String,
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "condition {:?}: {}", self.text, self.why)
    }
}

impl std::error::Error for ConditionError {}

/// The longer ones first: `>=` begins as `>` does.
const OPERATORS: [&str; 8] = ["!=", "<=", ">=", "~=", "==", "=", "<", ">"];

impl Comparison {
    fn of(operator: &str) -> Self {
        Self { less: operator.starts_with('<'), equal: operator.contains('='), greater: operator.starts_with('>') }
    }

    fn holds(self, ordering: Ordering) -> bool {
        match ordering {
            Ordering::Less => self.less,
            Ordering::Equal => self.equal,
            Ordering::Greater => self.greater,
        }
    }
}

impl Condition {
    /// Reads one of the forms above.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        let error = |why: String| ConditionError { text: text.into(), why };
        let found = text.char_indices().skip(1).find_map(|(at, _)| {
            let rest = &text[at..];
            OPERATORS.into_iter().find(|operator| rest.starts_with(operator)).map(|operator| (at, operator))
        });
        let Some((at, operator)) = found else {
            let (key, test) = match text.trim().strip_prefix('!') {
                Some(key) => (key.trim(), Test::Absent),
                None => (text.trim(), Test::Present),
            };
            return match key {
                "" => Err(error("there is no feature".into())),
                key => Ok(Self { key: key.into(), test }),
            };
        };
        let (key, value) = (text[..at].trim(), text[at + operator.len()..].trim());
        if let Some(key) = key.strip_prefix("len(").and_then(|rest| rest.strip_suffix(')')) {
            let len = value.parse().map_err(|_| error(format!("{value:?} is no number of values")))?;
            let test = match operator {
                "~=" => return Err(error("a number of values has no pattern".into())),
                "!=" => Test::LenIsNot(len),
                operator => Test::Len(Comparison::of(operator), len),
            };
            return match key.trim() {
                "" => Err(error("there is no feature".into())),
                key => Ok(Self { key: key.into(), test }),
            };
        }
        let wanted = Wanted { text: value.into(), int: value.parse().ok(), float: value.parse().ok() };
        let test = match operator {
            "~=" => Test::Matches(glob::Pattern::new(value).map_err(|wrong| error(wrong.to_string()))?),
            "!=" => Test::None(wanted),
            "<" | "<=" | ">" | ">=" if wanted.float.is_none_or(f64::is_nan) => {
                return Err(error(format!("{value:?} is no number")));
            }
            operator => Test::Any(Comparison::of(operator), wanted),
        };
        match key {
            "" => Err(error("there is no feature".into())),
            key => Ok(Self { key: key.into(), test }),
        }
    }

    /// The feature that it is about.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether `example` is so.
    pub fn holds(&self, example: &SequenceExample<'_>) -> bool {
        self.holds_of(&example.context, &example.feature_lists)
    }

    /// The same of what an example consists of; an Example has no lists.
    pub fn holds_of(&self, features: &Features<'_>, lists: &FeatureLists<'_>) -> bool {
        let values = Found::of(&self.key, features, lists);
        match &self.test {
            Test::Present => values.len() > 0,
            Test::Absent => values.len() == 0,
            Test::Any(comparison, wanted) => values.any(|values| wanted.any(values, *comparison)),
            Test::None(wanted) => !values.any(|values| wanted.any(values, Comparison::of("="))),
            Test::Matches(pattern) => values.any(|values| match values.as_bytes() {
                Some(list) => list.iter().any(|text| std::str::from_utf8(text).is_ok_and(|text| pattern.matches(text))),
                None => false,
            }),
            Test::Len(comparison, len) => comparison.holds(values.len().cmp(len)),
            Test::LenIsNot(len) => values.len() != *len,
        }
    }
}

impl Wanted {
    fn any(&self, values: &Values<'_>, comparison: Comparison) -> bool {
        match values {
            Values::Unset => false,
            // Texts are equal or not; which of two is less depends on who reads them.
            Values::Bytes(list) => {
                comparison.equal
                    && !comparison.less
                    && !comparison.greater
                    && list.iter().any(|text| text == self.text.as_bytes())
            }
            Values::Int64(list) => match (self.int, self.float) {
                (Some(wanted), _) => list.iter().any(|value| comparison.holds(value.cmp(&wanted))),
                (None, Some(wanted)) => list.iter().any(|value| is_so(value as f64, wanted, comparison)),
                (None, None) => false,
            },
            // As the wire has them, a value was rounded to 32 bits.
            Values::Float(list) => self.float.is_some_and(|wanted| {
                list.iter().any(|value| is_so(value.into(), f64::from(wanted as f32), comparison))
            }),
        }
    }
}

fn is_so(value: f64, wanted: f64, comparison: Comparison) -> bool {
    value.partial_cmp(&wanted).is_some_and(|ordering| comparison.holds(ordering))
}

/// The values of one key: a feature's, or those of a list's steps.
enum Found<'e, 'a> {
    Nothing,
    Feature(&'e Values<'a>),
    Steps(&'e [Values<'a>]),
}

impl<'e, 'a> Found<'e, 'a> {
    fn of(key: &str, features: &'e Features<'a>, lists: &'e FeatureLists<'a>) -> Self {
        match (features.get(key), lists.get(key)) {
            (Some(values), _) => Self::Feature(values),
            (None, Some(steps)) => Self::Steps(steps),
            (None, None) => Self::Nothing,
        }
    }

    fn len(&self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Feature(values) => values.len() as u64,
            Self::Steps(steps) => steps.iter().map(|values| values.len() as u64).sum(),
        }
    }

    fn any(&self, holds: impl Fn(&Values<'a>) -> bool) -> bool {
        match self {
            Self::Nothing => false,
            Self::Feature(values) => holds(values),
            Self::Steps(steps) => steps.iter().any(holds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{Feature, decode_sequence, encode, encode_sequence};

    #[test]
    fn conditions_hold_as_they_are_written() {
        let bytes = encode(&[
            ("empty", Feature::Int64(vec![].into())),
            ("f", Feature::Float(vec![0.1, 2.5].into())),
            ("image/filename", Feature::text("a b.jpg")),
            ("image/width", Feature::int64(640)),
            ("labels", Feature::Bytes(vec![b"cat"[..].into(), b"dog"[..].into()])),
        ]);
        let example = decode_sequence(&bytes).expect("an Example");
        let yes = [
            "image/width",
            "!empty",
            "!none",
            "image/width=640",
            "image/width == 640",
            "image/width>=640",
            "image/width<640.5",
            "image/width!=641",
            "image/filename=a b.jpg",
            "image/filename~=*.jpg",
            "labels=dog",
            "labels!=cow",
            "none!=1",
            "f=0.1",
            "f>2",
            "f<=0.1",
            "len(labels)=2",
            "len(labels)!=1",
            "len(empty)<1",
            "len(none)=0",
        ];
        let no = [
            "!image/width",
            "empty",
            "none",
            "image/width=641",
            "image/width>640",
            "image/width!=640",
            "image/width~=6*",
            "image/filename=a",
            "image/filename>1",
            "labels!=cat",
            "labels=640",
            "f>2.5",
            "empty=0",
            "empty>0",
            "len(labels)>2",
        ];
        for text in yes {
            assert!(Condition::parse(text).expect(text).holds(&example), "{text}");
        }
        for text in no {
            assert!(!Condition::parse(text).expect(text).holds(&example), "{text}");
        }
        for text in ["", "!", " ", "a>x", "a<nan", "len(a)=x", "len(a)~=1", "len( )=1", "a~=[", " =1"] {
            assert!(Condition::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Condition::parse("a>x").expect_err("no number").to_string(),
            "condition \"a>x\": \"x\" is no number"
        );
    }

    #[test]
    fn steps_are_values() {
        let steps = vec![Feature::int64(1), Feature::int64(7)];
        let bytes = encode_sequence(&[("id", Feature::int64(3))], &[("x", steps)]).expect("encoded");
        let example = decode_sequence(&bytes).expect("a SequenceExample");
        for (text, holds) in [("x=7", true), ("x=8", false), ("len(x)=2", true), ("id=3", true), ("x", true)] {
            assert_eq!(Condition::parse(text).expect(text).holds(&example), holds, "{text}");
        }
    }
}
