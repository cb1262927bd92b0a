//! The bytes of an Example to its features, by the rules of protobuf's own parser (`Example.FromString`, upb).
//!
//! Everything that protobuf allows is read: any order, unknown fields and groups, lists unpacked or in split runs. Messages
//! that come twice are merged, but of a map's key the last entry counts, and of two kinds in one Feature the last. A map entry
//! with a field that it does not know is unknown as a whole, as upb has it. TensorFlow's own ops (`parse_single_example`
//! and its kin) have another, stricter and in part looser parser; on what [`encode`](super::encode) writes all agree.
//!
//! Nothing is copied where the wire holds a list in one piece, and nothing is allocated by a length that the wire claims.

use super::error::{ExampleError, ExampleErrorKind as Kind};
use super::map::Map;
use super::values::{BytesList, FloatList, Int64List, Values};
use super::wire::{Cursor, FIXED32, LEN, MAX_DEPTH, VARINT, count_varints};

type Result<T> = std::result::Result<T, ExampleError>;

/// Features by key.
pub type Features<'a> = Map<'a, Values<'a>>;
/// Lists of features by key.
pub type FeatureLists<'a> = Map<'a, Vec<Values<'a>>>;

/// A decoded `tf.train.Example`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Example<'a> {
    /// Its features.
    pub features: Features<'a>,
}

impl<'a> Example<'a> {
    /// The values of feature `key`.
    pub fn get(&self, key: &str) -> Option<&Values<'a>> {
        self.features.get(key)
    }
}

/// A decoded `tf.train.SequenceExample`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceExample<'a> {
    /// Features of the whole sequence.
    pub context: Features<'a>,
    /// One feature per step.
    pub feature_lists: FeatureLists<'a>,
}

/// Decodes a `tf.train.Example`.
pub fn decode(bytes: &[u8]) -> Result<Example<'_>> {
    let mut decoder = Decoder { cursor: Cursor::new(bytes) };
    let mut example = Example::default();
    decoder.fields(MAX_DEPTH, |decoder, tag| {
        if tag != field(1, LEN) {
            return Ok(false);
        }
        decoder.message(|decoder| decoder.features(&mut example.features, MAX_DEPTH - 1))
    })?;
    Ok(example)
}

/// Decodes a `tf.train.SequenceExample`. An Example is one whose features are the context; where the bytes hold
/// `feature_lists`, an Example would pass them over.
pub fn decode_sequence(bytes: &[u8]) -> Result<SequenceExample<'_>> {
    let mut decoder = Decoder { cursor: Cursor::new(bytes) };
    let mut example = SequenceExample::default();
    decoder.fields(MAX_DEPTH, |decoder, tag| match tag {
        FIRST => decoder.message(|decoder| decoder.features(&mut example.context, MAX_DEPTH - 1)),
        SECOND => decoder.message(|decoder| decoder.feature_lists(&mut example.feature_lists, MAX_DEPTH - 1)),
        _ => Ok(false),
    })?;
    Ok(example)
}

/// Decodes either of the two. What a SequenceExample cannot have in its lists is to an Example an unknown field.
pub fn decode_either(bytes: &[u8]) -> Result<SequenceExample<'_>> {
    decode_sequence(bytes)
        .or_else(|_| decode(bytes).map(|example| SequenceExample { context: example.features, ..Default::default() }))
}

/// Field number and wire type of a tag.
const fn field(number: u32, wire_type: u32) -> u32 {
    number << 3 | wire_type
}

const FIRST: u32 = field(1, LEN);
const SECOND: u32 = field(2, LEN);
const THIRD: u32 = field(3, LEN);

struct Decoder<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Decoder<'a> {
    /// Reads the fields of the message that the cursor is in. What `known` gives `false` for is skipped. Gives whether
    /// there was such a field. `depth` levels may follow.
    #[inline(always)]
    fn fields(&mut self, depth: u32, mut known: impl FnMut(&mut Self, u32) -> Result<bool>) -> Result<bool> {
        let mut unknown = false;
        while !self.cursor.done() {
            let at = self.cursor.at();
            let tag = self.cursor.tag()?;
            if !known(self, tag)? {
                self.cursor.skip_unknown(tag, at, depth)?;
                unknown = true;
            }
        }
        Ok(unknown)
    }

    /// Reads the message whose length comes next.
    #[inline(always)]
    fn message(&mut self, read: impl FnOnce(&mut Self) -> Result<()>) -> Result<bool> {
        let outer = self.cursor.enter()?;
        read(self)?;
        self.cursor.leave(outer);
        Ok(true)
    }

    fn features(&mut self, features: &mut Features<'a>, depth: u32) -> Result<()> {
        self.fields(depth, |decoder, tag| {
            if tag != FIRST {
                return Ok(false);
            }
            decoder.message(|decoder| {
                let (key, values) = decoder.entry(depth - 1, Self::feature)?;
                if let Some(key) = key {
                    features.insert(key, values);
                }
                Ok(())
            })
        })?;
        Ok(())
    }

    fn feature_lists(&mut self, lists: &mut FeatureLists<'a>, depth: u32) -> Result<()> {
        self.fields(depth, |decoder, tag| {
            if tag != FIRST {
                return Ok(false);
            }
            decoder.message(|decoder| {
                let (key, list) = decoder.entry(depth - 1, Self::feature_list)?;
                if let Some(key) = key {
                    lists.insert(key, list);
                }
                Ok(())
            })
        })?;
        Ok(())
    }

    /// Key and value of a map entry; no key where upb makes the entry an unknown field.
    #[inline(always)]
    fn entry<V: Default>(
        &mut self,
        depth: u32,
        read: impl Fn(&mut Self, &mut V, u32) -> Result<()>,
    ) -> Result<(Option<&'a str>, V)> {
        let mut key = "";
        let mut value = V::default();
        let unknown = self.fields(depth, |decoder, tag| match tag {
            FIRST => {
                let at = decoder.cursor.at();
                let text = std::str::from_utf8(decoder.cursor.bytes()?);
                key = text.map_err(|_| ExampleError::new(at, Kind::KeyNotUtf8))?;
                Ok(true)
            }
            SECOND => decoder.message(|decoder| read(decoder, &mut value, depth - 1)),
            _ => Ok(false),
        })?;
        Ok(((!unknown).then_some(key), value))
    }

    fn feature_list(&mut self, list: &mut Vec<Values<'a>>, depth: u32) -> Result<()> {
        self.fields(depth, |decoder, tag| {
            if tag != FIRST {
                return Ok(false);
            }
            decoder.message(|decoder| {
                let mut values = Values::Unset;
                decoder.feature(&mut values, depth - 1)?;
                list.push(values);
                Ok(())
            })
        })?;
        Ok(())
    }

    /// The kinds are a oneof: the same kind again is merged, another replaces what was there. Lists are filled where they
    /// are, as moving one costs more than reading a short one.
    fn feature(&mut self, values: &mut Values<'a>, depth: u32) -> Result<()> {
        self.fields(depth, |decoder, tag| match tag {
            FIRST => {
                if !matches!(values, Values::Bytes(_)) {
                    *values = Values::Bytes(BytesList::default());
                }
                let Values::Bytes(list) = values else { return Ok(false) };
                decoder.message(|decoder| decoder.bytes_list(list, depth - 1))
            }
            SECOND => {
                if !matches!(values, Values::Float(_)) {
                    *values = Values::Float(FloatList::default());
                }
                let Values::Float(list) = values else { return Ok(false) };
                decoder.message(|decoder| decoder.float_list(list, depth - 1))
            }
            THIRD => {
                if !matches!(values, Values::Int64(_)) {
                    *values = Values::Int64(Int64List::default());
                }
                let Values::Int64(list) = values else { return Ok(false) };
                decoder.message(|decoder| decoder.int64_list(list, depth - 1))
            }
            _ => Ok(false),
        })?;
        Ok(())
    }

    fn bytes_list(&mut self, list: &mut BytesList<'a>, depth: u32) -> Result<()> {
        if list.is_empty() {
            // Values and nothing else: they can be read from the wire again.
            let message = self.cursor.rest();
            let (mut rest, mut len) = (message, 0);
            while !rest.is_empty() {
                if self.cursor.tag()? != FIRST {
                    break;
                }
                self.cursor.bytes()?;
                (rest, len) = (self.cursor.rest(), len + 1);
            }
            list.add(&message[..message.len() - rest.len()], len);
            self.cursor.back_to(rest);
        }
        self.fields(depth, |decoder, tag| {
            if tag != FIRST {
                return Ok(false);
            }
            list.push(decoder.cursor.bytes()?);
            Ok(true)
        })?;
        Ok(())
    }

    fn float_list(&mut self, list: &mut FloatList<'a>, depth: u32) -> Result<()> {
        const UNPACKED: u32 = field(1, FIXED32);
        self.fields(depth, |decoder, tag| {
            match tag {
                FIRST => {
                    let at = decoder.cursor.at();
                    let run = decoder.cursor.bytes()?;
                    if run.len() % 4 != 0 {
                        return Err(ExampleError::new(at, Kind::FloatRun(run.len())));
                    }
                    list.add(run, run.len() / 4);
                }
                UNPACKED => list.push(f32::from_le_bytes(decoder.cursor.fixed()?)),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(())
    }

    fn int64_list(&mut self, list: &mut Int64List<'a>, depth: u32) -> Result<()> {
        const UNPACKED: u32 = field(1, VARINT);
        self.fields(depth, |decoder, tag| {
            match tag {
                FIRST => {
                    let run = decoder.cursor.bytes()?;
                    let start = decoder.cursor.at() - run.len();
                    let len = count_varints(run).map_err(|bad| {
                        let cut = run.len() - bad < 10;
                        let kind = if cut { Kind::Cut { end: start + run.len() } } else { Kind::VarintTooLong };
                        ExampleError::new(start + bad, kind)
                    })?;
                    list.add(run, len);
                }
                UNPACKED => list.push(decoder.cursor.varint()? as i64),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        decode(bytes).expect_err("refused").to_string()
    }

    #[test]
    fn refusals_say_where_and_why() {
        assert_eq!(refusal(b"\x0a"), "byte 1: the value ends at byte 1, before it is whole");
        assert_eq!(
            refusal(b"\x0a\x05\x0a"),
            "byte 1: length 5 leads past the end of the message, which has 1 more bytes"
        );
        assert_eq!(
            refusal(b"\x0a\x03\x0a\x05a"),
            "byte 3: length 5 leads past the end of the message, which has 1 more bytes"
        );
        assert_eq!(
            refusal(b"\x0a\x80\x80\x80\x80\x08"),
            "byte 1: a length of 2^31 or more, or written in more than 5 bytes"
        );
        // One less is only not there.
        assert_eq!(
            refusal(b"\x0a\xff\xff\xff\xff\x07"),
            "byte 1: length 2147483647 leads past the end of the message, which has 0 more bytes"
        );
        assert_eq!(refusal(b"\x8a\x80\x80\x80\x10"), "byte 0: a tag of more than 32 bits or more than 5 bytes");
        assert_eq!(
            refusal(b"\x48\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
            "byte 1: a varint of more than 10 bytes"
        );
        assert_eq!(refusal(b"\x02\x00"), "byte 0: field number 0, numbers start at 1");
        assert_eq!(refusal(b"\x4e"), "byte 0: wire type 6, types go from 0 to 5");
        assert_eq!(refusal(b"\x4c"), "byte 0: end of group 9, which did not begin here");
        assert_eq!(refusal(b"\x4b\x44"), "byte 1: end of group 8, which did not begin here");
        assert_eq!(refusal(b"\x4b"), "byte 0: group 9 does not end inside its message");
        assert_eq!(refusal(&[0x4b; 101]), "byte 100: groups nested deeper than 100 levels");
        assert_eq!(refusal(b"\x0a\x05\x0a\x03\x0a\x01\xff"), "byte 5: key is not UTF-8");
        let floats = b"\x0a\x10\x0a\x0e\x0a\x01a\x12\x09\x12\x07\x0a\x05\x00\x00\x80\x3f\x00";
        assert_eq!(refusal(floats), "byte 12: packed floats in 5 bytes, not a multiple of 4");
        let cut = b"\x0a\x0c\x0a\x0a\x0a\x01a\x12\x05\x1a\x03\x0a\x01\x80";
        assert_eq!(refusal(cut), "byte 13: the value ends at byte 14, before it is whole");
    }

    #[test]
    fn lists_are_borrowed_where_they_stand_in_one_piece() {
        let bytes = b"\x0a\x2a\x0a\x0d\x0a\x01b\x12\x08\x0a\x06\x0a\x01x\x0a\x01y\
            \x0a\x0d\x0a\x01f\x12\x08\x12\x06\x0a\x04\x00\x00\x80\x3f\x0a\x0a\x0a\x01i\x12\x05\x1a\x03\x0a\x01\x07";
        let example = decode(bytes).expect("whole");
        let inside = |part: &[u8]| bytes.as_ptr_range().contains(&part.as_ptr());
        let list = example.get("b").and_then(Values::as_bytes).expect("bytes");
        assert!(list.iter().all(inside) && list.iter().eq([&b"x"[..], b"y"]));
        let list = example.get("f").and_then(Values::as_float).expect("floats");
        assert!(list.raw().is_some_and(inside) && list.single() == Some(1.0));
        let list = example.get("i").and_then(Values::as_int64).expect("integers");
        assert!(list.raw().is_some_and(inside) && list.single() == Some(7));
    }

    #[test]
    fn an_example_is_a_sequence_without_lists() {
        let bytes = b"\x0a\x0c\x0a\x0a\x0a\x01c\x12\x05\x1a\x03\x0a\x01\x01\
            \x12\x10\x0a\x0e\x0a\x01s\x12\x09\x0a\x05\x1a\x03\x0a\x01\x02\x0a\x00";
        let sequence = decode_sequence(bytes).expect("whole");
        assert_eq!(sequence.context, decode(bytes).expect("whole").features);
        let steps = sequence.feature_lists.get("s").expect("list");
        assert_eq!(steps.iter().map(Values::len).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(steps[1], Values::Unset);
    }
}
