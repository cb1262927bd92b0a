//! What does not reach the records, by reason: readers count here what they cannot take into the dataset, `convert` what
//! it leaves out of it, so that what was read is what was written and what stands here.

use std::collections::BTreeMap;

use serde::Serialize;

/// What was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Images that are in no record.
    pub images: u64,
    /// Objects that are in no record, those of left out images among them.
    pub objects: u64,
    /// Both by the reason.
    pub reasons: BTreeMap<&'static str, Ledger>,
}

/// A number of images and objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Images.
    pub images: u64,
    /// Objects.
    pub objects: u64,
}

impl Skipped {
    /// One image and its objects are left out.
    pub fn image(&mut self, reason: &'static str, objects: u64) {
        self.count(reason, Ledger { images: 1, objects });
    }

    /// One object is left out.
    pub fn object(&mut self, reason: &'static str) {
        self.count(reason, Ledger { images: 0, objects: 1 });
    }

    /// So much is left out.
    pub fn count(&mut self, reason: &'static str, count: Ledger) {
        if count == Ledger::default() {
            return;
        }
        self.images += count.images;
        self.objects += count.objects;
        let ledger = self.reasons.entry(reason).or_default();
        ledger.images += count.images;
        ledger.objects += count.objects;
    }

    /// Adds what `other` counted.
    pub fn add(&mut self, other: &Self) {
        other.reasons.iter().for_each(|(reason, count)| self.count(reason, *count));
    }
}
