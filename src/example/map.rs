//! Protobuf's map on the wire: entries in any order, of which the last with a key counts.

use std::collections::HashMap;

/// Entries by key, in the order of the wire (of a key's first entry).
#[derive(Clone, Debug)]
pub struct Map<'a, V> {
    entries: Vec<(&'a str, V)>,
    index: Index<'a>,
}

/// How a key is found again. Our own writer sorts, so that most maps never need more than a comparison with the last key;
/// a handful of unsorted keys fit into a table of bytes; and what is larger may be hostile.
#[derive(Clone, Debug)]
enum Index<'a> {
    Sorted,
    Small([u8; SLOTS]),
    Large(HashMap<&'a str, usize>),
}

const SLOTS: usize = 64;
const SMALL: usize = 32;

impl<V> Default for Map<'_, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), index: Index::Sorted }
    }
}

impl<V: PartialEq> PartialEq for Map<'_, V> {
    /// Regardless of the order.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<'a, V> Map<'a, V> {
    /// Sets `key` to `value`.
    #[inline]
    pub fn insert(&mut self, key: &'a str, value: V) {
        if matches!(self.index, Index::Sorted) {
            match self.entries.last() {
                Some((last, _)) if *last >= key => self.index_entries(),
                Some(_) => return self.entries.push((key, value)),
                None => {
                    self.entries.reserve(16);
                    return self.entries.push((key, value));
                }
            }
        } else if matches!(self.index, Index::Small(_)) && self.entries.len() >= SMALL {
            self.index_entries();
        }
        let new = self.entries.len();
        let found = match &mut self.index {
            Index::Sorted => None,
            Index::Small(table) => claim(table, &self.entries, key, new),
            Index::Large(map) => match map.insert(key, new) {
                // The entry stays where it is.
                Some(old) => map.insert(key, old).map(|_| old),
                None => None,
            },
        };
        match found.and_then(|index| self.entries.get_mut(index)) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((key, value)),
        }
    }

    #[cold]
    fn index_entries(&mut self) {
        self.index = if self.entries.len() < SMALL {
            let mut table = [0; SLOTS];
            for (index, (key, _)) in self.entries.iter().enumerate() {
                claim(&mut table, &self.entries, key, index);
            }
            Index::Small(table)
        } else {
            Index::Large(self.entries.iter().enumerate().map(|(index, (key, _))| (*key, index)).collect())
        };
    }

    fn find(&self, key: &str) -> Option<usize> {
        match &self.index {
            Index::Sorted => self.entries.binary_search_by(|(other, _)| (*other).cmp(key)).ok(),
            Index::Small(table) => probe(key)
                .map_while(|slot| table[slot].checked_sub(1))
                .map(usize::from)
                .find(|index| self.is(*index, key)),
            Index::Large(map) => map.get(key).copied(),
        }
    }

    fn is(&self, index: usize, key: &str) -> bool {
        self.entries.get(index).is_some_and(|(other, _)| *other == key)
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(self.find(key)?).map(|(_, value)| value)
    }

    /// Keys and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a str, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// No keys.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Slots where `key` may stand. The table is never more than half full, so an empty one is always met.
fn probe(key: &str) -> impl Iterator<Item = usize> {
    let bytes = key.as_bytes();
    let tail = bytes.last_chunk().map_or_else(
        || bytes.iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte)),
        |tail: &[u8; 8]| u64::from_le_bytes(*tail),
    );
    let hash = (tail ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let first = (hash >> 58) as usize;
    (0..SLOTS).map(move |step| (first + step) % SLOTS)
}

/// The entry that has `key`; otherwise makes `new` its entry.
fn claim<V>(table: &mut [u8; SLOTS], entries: &[(&str, V)], key: &str, new: usize) -> Option<usize> {
    for slot in probe(key) {
        match table[slot].checked_sub(1).map(usize::from) {
            None => {
                table[slot] = new as u8 + 1;
                return None;
            }
            Some(index) if entries.get(index).is_some_and(|(other, _)| *other == key) => return Some(index),
            Some(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_key_counts_at_every_size() {
        for count in [0, 1, 2, 16, 31, 32, 33, 64, 65, 300] {
            for order in [1, 7, 13] {
                // `order` is coprime to the modulus 311 and so visits every key once.
                let keys: Vec<String> = (0..count).map(|index| format!("key/{}", index * order % 311)).collect();
                let mut map = Map::default();
                for (index, key) in keys.iter().enumerate() {
                    map.insert(key, index);
                }
                for (index, key) in keys.iter().enumerate().filter(|(index, _)| index % 3 == 0) {
                    map.insert(key, index + 1000);
                }
                assert_eq!(map.len(), keys.len());
                for (index, key) in keys.iter().enumerate() {
                    assert_eq!(map.get(key), Some(&if index % 3 == 0 { index + 1000 } else { index }), "{count} {key}");
                }
                assert_eq!(map.get("key"), None);
                assert!(map.iter().map(|(key, _)| key).eq(keys.iter()));
            }
        }
    }

    #[test]
    fn keys_that_share_a_slot_are_told_apart() {
        let keys: Vec<String> = (0..32).rev().map(|index| format!("{index:02}same tail")).collect();
        let mut map = Map::default();
        keys.iter().for_each(|key| map.insert(key, key.len()));
        keys.iter().for_each(|key| map.insert(key, 0));
        assert_eq!(map.len(), 32);
        assert!(map.iter().all(|(_, value)| *value == 0));
    }
}
