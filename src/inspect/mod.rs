//! Looking into any TFRecord file: what its records hold, and whether they are sound.
//!
//! [`inspect`] describes a file: its [`Schema`], a first record that a person can read, who probably wrote it, and whether its
//! classes are those of the label map; [`inspect_all`] does so for many, and says in what they differ and which are missing.
//! [`show`] writes down the records that are asked for, [`extract`] what one feature holds, as files. [`verify`] checks everything
//! that can be checked without knowing where the file came from: each checksum, that each payload is an Example, and
//! the rules that the object detection decoders have.

mod classes;
mod extract;
mod overview;
mod payload;
mod report;
mod rules;
mod sample;
pub mod schema;
pub mod sequence;
mod show;
mod tool;
mod verify;

pub use classes::{Agreement, Disagreement};
pub use extract::{ExtractError, ExtractOptions, Extracted, extract};
pub use overview::{Cause, Difference, Overview, Unreadable, inspect_all};
pub use payload::Payload;
pub use report::{FileReport, FirstRecord, InspectOptions, SummarisedFeature, inspect, inspect_reader};
pub use sample::Sample;
pub use schema::{Schema, SchemaBuilder};
pub use show::{Form, ShowOptions, Shown, show};
pub use tool::WrittenBy;
pub(crate) use verify::damage;
pub use verify::{Finding, FindingSeverity, Verdict, VerifyOptions, verify, verify_all, verify_reader};

/// 81234 as `81,234`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_set_apart() {
        let texts = [0, 999, 1000, 81_234, 1_234_567].map(super::thousands);
        assert_eq!(texts, ["0", "999", "1,000", "81,234", "1,234,567"]);
    }
}
