//! A SequenceExample whose steps come one after the other. A list stands on the wire as its features side by side, so each
//! grows by itself, and the largest, that of the images, does not have to be here at all: the caller has its bytes.

use std::collections::BTreeMap;

use super::Feature;
use super::encode::{Encoder, Sizes, check_keys, check_len, field_len, put_feature, put_field, tag};
use super::error::EncodeError;

/// The lists of a SequenceExample, up to a step.
#[derive(Debug, Default)]
pub struct Steps {
    lists: BTreeMap<Box<str>, List>,
    steps: usize,
}

/// The bytes of a `FeatureList`, and how many features they are.
#[derive(Debug, Default)]
struct List {
    bytes: Vec<u8>,
    steps: usize,
}

impl List {
    /// Adds features that have no value until there are `steps`.
    fn fill(&mut self, steps: usize) {
        for _ in self.steps..steps {
            self.bytes.extend([tag(1), 0]);
        }
        self.steps = self.steps.max(steps);
    }
}

impl Steps {
    /// Begins a step.
    pub fn begin(&mut self) {
        self.steps += 1;
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.steps
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.steps == 0
    }

    /// Bytes of all lists.
    pub fn bytes(&self) -> usize {
        self.lists.values().map(|list| list.bytes.len()).sum()
    }

    /// Adds what list `key` has in the step that was begun last. Steps before that have nothing are without a value, and so is
    /// one that has an empty list: TensorFlow's own `seq_example_util.py` sets no kind there either.
    pub fn add(&mut self, key: &str, feature: &Feature<'_>) {
        if !self.lists.contains_key(key) {
            self.lists.insert(key.into(), List::default());
        }
        let Some(list) = self.lists.get_mut(key) else { return };
        list.fill(self.steps.saturating_sub(1));
        let empty = match feature {
            Feature::Unset => true,
            Feature::Bytes(values) => values.is_empty(),
            Feature::Float(values) => values.is_empty(),
            Feature::Int64(values) => values.is_empty(),
            Feature::Hole(_) => false,
        };
        if empty {
            return list.fill(self.steps);
        }
        let sizes = Sizes::of(feature);
        put_field(&mut list.bytes, 1, sizes.feature);
        put_feature(&mut list.bytes, &mut Vec::new(), feature, sizes);
        list.steps = self.steps;
    }

    /// Appends the SequenceExample of `context` and all lists to `out`, but for the bytes of list `hole`, of which there are
    /// `hole_len`: gives where in `out` they belong.
    pub fn encode_around(
        &mut self,
        context: &[(&str, Feature<'_>)],
        (hole, hole_len): (&str, usize),
        out: &mut Vec<u8>,
    ) -> Result<usize, EncodeError> {
        self.lists.values_mut().for_each(|list| list.fill(self.steps));
        self.lists.insert(hole.into(), List::default());
        check_keys(context.iter().map(|(key, _)| *key))?;
        let content = |key: &str, list: &List| if key == hole { hole_len } else { list.bytes.len() };
        let entry_len = |key: &str, list: &List| field_len(key.len()) + field_len(content(key, list));
        let lists_len = self.lists.iter().map(|(key, list)| field_len(entry_len(key, list))).sum();
        check_len(lists_len)?;
        // Features of an Example are the context of a SequenceExample.
        Encoder::default().try_encode(context, out)?;
        put_field(out, 2, lists_len);
        let mut place = out.len();
        for (key, list) in &self.lists {
            put_field(out, 1, entry_len(key, list));
            put_field(out, 1, key.len());
            out.extend_from_slice(key.as_bytes());
            put_field(out, 2, content(key, list));
            if **key == *hole {
                place = out.len();
            }
            out.extend_from_slice(&list.bytes);
        }
        Ok(place)
    }
}

/// Bytes that a step with one value of `len` bytes takes in its list.
pub fn step_len(len: usize) -> usize {
    field_len(field_len(field_len(len)))
}

/// Appends what stands before the value in a step that has one value of `len` bytes.
pub fn put_step_head(len: usize, out: &mut Vec<u8>) {
    let list = field_len(len);
    put_field(out, 1, field_len(list));
    put_field(out, 1, list);
    put_field(out, 1, len);
}

#[cfg(test)]
mod tests {
    use super::super::encode_sequence;
    use super::*;

    #[test]
    fn step_by_step_is_the_same_as_at_once() {
        let images = [vec![7; 3], Vec::new(), vec![8; 300]];
        let ints = |values: &[i64]| Feature::Int64(values.to_vec().into());
        let (mut steps, mut content) = (Steps::default(), Vec::new());
        for (number, image) in images.iter().enumerate() {
            steps.begin();
            steps.add("a", &ints(&[number as i64; 200][..number]));
            if number == 1 {
                steps.add("z", &Feature::text("here alone"));
            }
            let before = content.len();
            put_step_head(image.len(), &mut content);
            content.extend(image);
            assert_eq!(content.len() - before, step_len(image.len()));
        }
        let context = [("size", Feature::int64(300))];
        let mut got = b"before".to_vec();
        let place = steps.encode_around(&context, ("image", content.len()), &mut got).unwrap();
        got.splice(place..place, content);
        let all = [
            ("a", vec![Feature::Unset, ints(&[1]), ints(&[2, 2])]),
            ("image", images.iter().map(|image| Feature::bytes(image.as_slice())).collect()),
            ("z", vec![Feature::Unset, Feature::text("here alone"), Feature::Unset]),
        ];
        assert_eq!(got[6..], encode_sequence(&context, &all).unwrap());
    }

    #[test]
    fn what_protobuf_would_not_read_is_not_made() {
        let error = Steps::default().encode_around(&[], ("image", 1 << 31), &mut Vec::new()).unwrap_err();
        assert!(matches!(error, EncodeError::TooLarge { .. }), "{error}");
    }
}
