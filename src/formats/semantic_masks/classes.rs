//! What the values of masks are called: files of many forms.
//!
//! ```text
//! _classes.csv       Pixel Value, Class                 (Roboflow)        labelmap.txt   name:r,g,b:parts:actions  (CVAT, Datumaro)
//! class_dict.csv     name,r,g,b                                           label_colors.txt   r g b name            (CamVid)
//! dataset_meta.json  {"label_map": {"0": "sky"}, "segmentation_colors": [[r, g, b]]}                               (Datumaro)
//! id2label.json      {"0": "sky"}                       (Hugging Face)    objectInfo150.txt  Idx Ratio Train Val Name  (ADE20K)
//! classes.txt        a name per line
//! ```

use std::collections::HashMap;

use super::{Value, is_void};
use crate::dataset::{Place, ProblemKind, Problems};
use crate::formats::json::node::Node;
use crate::formats::label_image::{colour, voc_colour};
use crate::formats::rows;
use crate::formats::text;
use crate::formats::tree::{FileId, Tree, file_name, folder_of};

/// Size of such a file that is still read.
const LIMIT: u64 = 16 << 20;
/// Names of the files that count for nothing else.
const LISTS: [&str; 5] = ["classes.txt", "labels.txt", "class_names.txt", "categories.txt", "label_names.txt"];

/// A class, with the value and the colour that stand for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub value: Option<u32>,
    pub colour: Option<u32>,
    pub name: String,
    /// It is a class even if it is called background: in Roboflow's table that is 0, whatever else is called so.
    pub surely: bool,
}

impl Named {
    /// Whether it is a class, and not what nobody labelled.
    pub fn is_class(&self) -> bool {
        !self.name.is_empty() && (self.surely || !is_void(&self.name))
    }
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    pub named: Vec<Named>,
    /// Only the order is said: whether it counts from 0 or 1, the masks have to show.
    pub ordered: bool,
}

impl Map {
    /// The name of a value, if it has one; an empty one for what is no class.
    pub fn name(&self, value: Value) -> Option<&str> {
        let by_colour = |wanted: u32| self.named.iter().find(|named| named.colour == Some(wanted));
        let by_value = |wanted: u32| self.named.iter().find(|named| named.value == Some(wanted));
        let coloured = self.named.iter().any(|named| named.colour.is_some());
        let valued = self.named.iter().any(|named| named.value.is_some());
        let at = |place: u32| self.named.get(place as usize).filter(|_| !valued);
        let gray = |wanted: u32| wanted & 0xff == wanted >> 16 && wanted & 0xff == wanted >> 8 & 0xff;
        let found = match value {
            Value::Number(number) => by_value(number)
                .or_else(|| if number < 256 && coloured { by_colour(number * 0x01_01_01) } else { None })
                .or_else(|| at(number)),
            Value::Indexed(place, shown) => by_value(place).or_else(|| by_colour(shown)).or_else(|| at(place)),
            Value::Colour(shown) if coloured => by_colour(shown),
            Value::Colour(shown) if gray(shown) => by_value(shown & 0xff).or_else(|| at(shown & 0xff)),
            Value::Colour(_) => None,
        }?;
        Some(if found.is_class() { &found.name } else { "" })
    }
}

/// What a file is, by name and start.
fn map_of(name: &str, text: &str) -> Option<Map> {
    let name = name.to_ascii_lowercase();
    match name.rsplit_once('.')?.1 {
        "csv" => table(text),
        "json" => document(&name, text),
        "txt" => lines(&name, text),
        _ => None,
    }
}

fn table(text: &str) -> Option<Map> {
    let mut rows = rows::of_text(text, b',').map(|row| row.fields);
    let header: Vec<String> = rows.next()?.iter().map(|field| text::fold(field)).collect();
    let at = |names: &[&str]| header.iter().position(|field| names.contains(&&**field));
    let (value, name) = (at(&["pixelvalue"]), at(&["class", "name", "label", "classname"])?);
    let sides = [at(&["r", "red"]), at(&["g", "green"]), at(&["b", "blue"])];
    let coloured = sides.iter().all(Option::is_some);
    if value.is_none() && !coloured {
        return None;
    }
    let named = rows.filter_map(|row| {
        let number = |column: Option<usize>| row.get(column?)?.parse::<u32>().ok();
        let side = |column: Option<usize>| u8::try_from(number(column)?).ok();
        let shown = sides.map(side);
        let shown = if let [Some(r), Some(g), Some(b)] = shown { Some(colour([r, g, b])) } else { None };
        let value = number(value);
        (value.is_some() || shown.is_some()).then_some(())?;
        let surely = value.is_some_and(|value| value > 0);
        Some(Named { value, colour: shown, name: row.get(name)?.clone(), surely })
    });
    Some(Map { named: named.collect(), ordered: false })
}

fn document(name: &str, text: &str) -> Option<Map> {
    if !["dataset_meta.json", "id2label.json", "label_map.json", "labels.json", "classes.json"].contains(&name) {
        return None;
    }
    let root = Node::parse(text, 1).ok()?;
    let names = root.get("label_map").unwrap_or(&root);
    let colours = root.list("segmentation_colors");
    let mut named: Vec<Named> = Vec::new();
    for (place, (value, name)) in names.members().iter().enumerate() {
        let sides: Option<Vec<u8>> = colours
            .get(place)
            .and_then(|colour| colour.items().iter().map(|side| u8::try_from(side.as_whole()?).ok()).collect());
        let colour = sides.and_then(|sides| Some(colour(<[u8; 3]>::try_from(sides).ok()?)));
        named.push(Named { value: Some(value.parse().ok()?), colour, name: name.words()?.into_owned(), surely: false });
    }
    named.sort_by_key(|named| named.value);
    (!named.is_empty()).then_some(Map { named, ordered: false })
}

fn lines(name: &str, text: &str) -> Option<Map> {
    let all: Vec<&str> = text.lines().map(text::trim).filter(|line| !line.is_empty()).collect();
    let lines: Vec<&str> = all.iter().copied().filter(|line| !line.starts_with('#')).collect();
    let named = |value, colour, name: &str| Named { value, colour, name: text::trim(name).to_owned(), surely: false };
    if name.starts_with("objectinfo") {
        let classes = lines.iter().skip(1).filter_map(|line| {
            let (value, name) = (line.split('\t').next()?, line.split('\t').nth(4)?);
            Some(named(Some(text::trim(value).parse().ok()?), None, name.split([',', ';']).next()?))
        });
        return Some(Map { named: classes.collect(), ordered: false });
    }
    let sides = |words: &[&str]| -> Option<u32> {
        let sides: Vec<u8> = words.iter().map(|word| text::trim(word).parse().ok()).collect::<Option<_>>()?;
        Some(colour(<[u8; 3]>::try_from(sides).ok()?))
    };
    // `name:r,g,b:parts:actions`
    let cvat = |line: &&str| {
        let mut fields = line.rsplitn(4, ':');
        let (_, _, shown, name) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let shown = if shown.is_empty() { None } else { Some(sides(&shown.split(',').collect::<Vec<_>>())?) };
        Some(named(None, shown, name))
    };
    // `r g b name`, or the name first
    let coloured = |line: &&str| {
        let words: Vec<&str> = line.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
        let (first, last) = (words.get(..3)?, words.get(words.len().checked_sub(3)?..)?);
        match (sides(first), sides(last)) {
            (Some(shown), _) if words.len() > 3 => Some(named(None, Some(shown), &words[3..].join(" "))),
            (None, Some(shown)) => Some(named(None, Some(shown), &words[..words.len() - 3].join(" "))),
            _ => None,
        }
    };
    for parse in [&cvat as &dyn Fn(&&str) -> Option<Named>, &coloured] {
        let parsed: Option<Vec<Named>> = lines.iter().map(parse).collect();
        if let Some(named) = parsed.filter(|parsed| !parsed.is_empty()) {
            return Some(Map { named: numbered(named), ordered: false });
        }
    }
    if name == "label_colors.txt" && !lines.is_empty() {
        return Some(Map {
            named: numbered(lines.iter().map(|line| named(None, None, line)).collect()),
            ordered: false,
        });
    }
    let named = |(place, line): (usize, &&str)| named(Some(place as u32), None, line);
    // In a list of names nothing is a remark.
    let listed = LISTS.contains(&name) && !all.is_empty();
    listed.then(|| Map { named: all.iter().enumerate().map(named).collect(), ordered: true })
}

/// Names without any colour have those of the VOC challenge, as Datumaro paints them; the background has number 0, listed or not.
fn numbered(mut named: Vec<Named>) -> Vec<Named> {
    if named.iter().all(|named| named.colour.is_none()) {
        let from = u32::from(named.first().is_some_and(|first| !is_void(&first.name)));
        for (number, named) in (from..).zip(&mut named) {
            (named.value, named.colour) = (Some(number), Some(colour(voc_colour(number))));
        }
    }
    named
}

/// Whether a file names the values of masks and nothing else.
pub fn is_map(tree: &Tree, file: FileId) -> bool {
    let Ok(head) = tree.head(file) else { return false };
    let name = file_name(tree.path(file));
    map_of(name, &text::decode(&head).text)
        .is_some_and(|map| !map.ordered || LISTS.contains(&&*name.to_ascii_lowercase()))
}

/// The map of each folder that has one.
pub struct Maps(HashMap<String, (FileId, Map)>);

impl Maps {
    pub fn read(tree: &Tree, problems: &mut Problems) -> Self {
        let mut maps: HashMap<String, (FileId, Map)> = HashMap::new();
        for file in tree.annotations(&["csv", "json", "txt"]) {
            let path = tree.path(file);
            if !is_map(tree, file) {
                continue;
            }
            match tree.read(file, LIMIT) {
                Ok(bytes) => {
                    let Some(map) = map_of(file_name(path), &text::decode(&bytes).text) else { continue };
                    let known = maps.get(folder_of(path));
                    // One that gives numbers or colours is better than a list of names.
                    if known.is_none_or(|(_, known)| known.ordered && !map.ordered) {
                        maps.insert(folder_of(path).to_owned(), (file, map));
                    }
                }
                Err(error) => {
                    problems.push(ProblemKind::UnreadableAnnotation, Place::file(path), error.to_string());
                }
            }
        }
        Self(maps)
    }

    /// The folder of the map that counts for the mask at `path`: the nearest above it, or the only one there is.
    pub fn folder_for(&self, path: &str) -> Option<&str> {
        let mut folder = folder_of(path);
        loop {
            if let Some((key, _)) = self.0.get_key_value(folder) {
                return Some(key);
            }
            if folder.is_empty() {
                break;
            }
            folder = folder_of(folder);
        }
        match self.0.len() {
            1 => self.0.keys().next().map(String::as_str),
            _ => None,
        }
    }

    pub fn get(&self, folder: &str) -> Option<&Map> {
        Some(&self.0.get(folder)?.1)
    }

    /// All, in the order of the files.
    pub fn all(&self) -> Vec<(FileId, &Map)> {
        let mut all: Vec<(FileId, &Map)> = self.0.values().map(|(file, map)| (*file, map)).collect();
        all.sort_by_key(|(file, _)| *file);
        all
    }

    /// Lets a list of names count from 1, where a mask of its has a value that is as high as there are names.
    pub fn count_from_one(&mut self, folder: &str, highest: u32) {
        let Some((_, map)) = self.0.get_mut(folder).filter(|(_, map)| map.ordered) else { return };
        let from_zero = map.named.first().is_some_and(|named| named.value == Some(0));
        if from_zero && highest as usize == map.named.len() {
            for named in &mut map.named {
                named.value = named.value.map(|value| value + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let names = |name: &str, text: &str| {
            let map = map_of(name, text).expect(name);
            map.named.into_iter().map(|named| (named.value, named.colour, named.name)).collect::<Vec<_>>()
        };
        let roboflow = names("_classes.csv", "Pixel Value, Class\n0, background\n1, traffic light");
        assert_eq!(roboflow, [(Some(0), None, "background".into()), (Some(1), None, "traffic light".into())]);
        for (name, text) in [
            ("labelmap.txt", "# label:color_rgb:parts:actions\na: b:1,2,3::\n"),
            ("label_colors.txt", "1 2 3\ta: b\n"),
            ("label_colors.txt", "a: b 1 2 3\n"),
            ("class_dict.csv", "name,r,g,b\na: b,1,2,3\n"),
        ] {
            assert_eq!(names(name, text), [(None, Some(0x01_02_03), "a: b".into())], "{name}");
        }
        let datumaro = names(
            "dataset_meta.json",
            r#"{"label_map": {"0": "bg", "7": "cat"}, "segmentation_colors": [[0, 0, 0], [1, 2, 3]]}"#,
        );
        assert_eq!(datumaro[1], (Some(7), Some(0x01_02_03), "cat".into()));
        assert_eq!(names("id2label.json", r#"{"10": "b", "2": "a"}"#)[0], (Some(2), None, "a".into()));
        assert_eq!(
            names("objectInfo150.txt", "Idx\tRatio\tTrain\tVal\tName\n1\t0.15\t11664\t1172\twall, x\n"),
            [(Some(1), None, "wall".into())]
        );
        assert_eq!(names("classes.txt", "a\n\n#b\n"), [(Some(0), None, "a".into()), (Some(1), None, "#b".into())]);
        for (name, text) in [("a.csv", "filename,class\na,b\n"), ("readme.txt", "a\n"), ("a.json", "{\"0\": \"a\"}")] {
            assert_eq!(map_of(name, text), None, "{name}");
        }
    }

    #[test]
    fn values_have_names() {
        let map = map_of("labelmap.txt", "background:0,0,0::\ncat:128,0,0::\ndog:7,7,7::\n").expect("a map");
        assert_eq!(map.name(Value::Colour(0x80_0000)), Some("cat"));
        assert_eq!(map.name(Value::Colour(0)), Some(""));
        assert_eq!(map.name(Value::Colour(5)), None);
        assert_eq!(map.name(Value::Indexed(1, 0x80_0000)), Some("cat"));
        assert_eq!(map.name(Value::Number(7)), Some("dog"));
        assert_eq!(map.name(Value::Number(1)), Some("cat"));
        let map =
            map_of("_classes.csv", "Pixel Value, Class\n0, background\n1,\"a, b\"\n2, Background\n").expect("a map");
        let names = [0, 1, 2].map(|value| map.name(Value::Number(value)));
        assert_eq!(names, [Some(""), Some("a, b"), Some("Background")]);
        let map = map_of("_classes.csv", "Pixel Value, Class\n1, cat\n").expect("a map");
        assert_eq!((map.name(Value::Colour(0x01_01_01)), map.name(Value::Number(2))), (Some("cat"), None));
    }
}
