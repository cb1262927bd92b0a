//! Masks against pycocotools: `tests/data/masks/expected.tsv`, which `make.py` there makes; and with anything else, no panic.
//!
//! `RECORDMILL_MASKS=FILE` reads another table, as `make.py --more N` prints it.

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use recordmill::image::mask::merge::{How, merged};
use recordmill::image::mask::polygon::{outline, polygon, rectangle};
use recordmill::image::mask::{MaskError, png};
use recordmill::image::runs;

/// Rows of `expected.tsv`; a changed table changes this number too.
const ROWS: usize = 1137;

fn numbers(text: &str) -> Vec<f64> {
    text.split(',').map(|number| number.parse().unwrap()).collect()
}

fn points(text: &str) -> Vec<[f64; 2]> {
    numbers(text).as_chunks().0.to_vec()
}

#[test]
fn masks_are_those_of_pycocotools() {
    let other = std::env::var_os("RECORDMILL_MASKS");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/masks/expected.tsv");
    let table = std::fs::read_to_string(other.as_ref().map_or(own.as_path(), Path::new)).unwrap();
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in table.lines() {
        rows += 1;
        let fields: Vec<_> = line.split('\t').collect();
        let [kind, width, height, given, text, area, bounds] = fields[..] else { panic!("seven fields: {line}") };
        let size = [width.parse().unwrap(), height.parse().unwrap()];
        let found = match kind {
            "outline" => outline(given.split(';').map(points), size),
            "box" => rectangle(numbers(given).try_into().unwrap(), size),
            _ => {
                let masks: Vec<_> = given.split(' ').map(|text| runs::from_text(text).unwrap()).collect();
                merged(&masks, if kind == "union" { How::Union } else { How::Intersection })
            }
        };
        let found = found.unwrap();
        let [x0, y0, x1, y1] = runs::bounds(&found, size[1]).unwrap_or_default();
        let is = (
            runs::to_text(&found),
            runs::area(&found).to_string(),
            [x0, y0, x1 - x0, y1 - y0].map(|side| side.to_string()).join(","),
        );
        if is != (text.to_owned(), area.to_owned(), bounds.to_owned()) {
            wrong.push(format!("{line}\n  {is:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {rows}:\n{}", wrong.len(), wrong[..wrong.len().min(9)].join("\n"));
    assert!(other.is_some() || rows == ROWS, "{rows}");
}

#[test]
fn no_outline_and_no_image() {
    let none: [[[f64; 2]; 0]; 0] = [];
    assert_eq!((outline(none, [3, 4]), polygon([], [3, 4])), (Ok(vec![12]), Ok(vec![12])));
    assert_eq!(polygon([[1.0, 1.0]], [0, 4]), Err(MaskError::Size(0, 4)));
    assert_eq!(polygon([[1.0, 1.0]], [1 << 16, 1 << 16]), Err(MaskError::Size(1 << 16, 1 << 16)));
    assert_eq!(merged::<&[u32]>(&[], How::Union), Ok(vec![]));
    assert_eq!(merged(&[&[5][..], &[6]], How::Union), Err(MaskError::Pixels(6, 5)));
    // Where all have two runs of length 0, pycocotools stops.
    assert_eq!(merged(&[[0, 0, 5], [0, 0, 5]], How::Union), Ok(vec![0, 0, 5]));
}

/// For edges this long, `rleFrPoly` would take some 30 GB each; the results are of its code with the lists of points left out.
#[test]
fn far_points_cost_nothing() {
    let start = Instant::now();
    for (points, expected) in FAR {
        for _ in 0..1000 {
            let found = polygon(points.iter().copied(), [10, 10]).unwrap();
            assert_eq!(runs::to_text(&found), *expected, "{points:?}");
        }
    }
    assert!(start.elapsed() < Duration::from_secs(5));
}

const FAR: &[(&[[f64; 2]], &str)] = &[];

#[test]
fn hostile_outlines_end() {
    let zigzag = |count: usize| (0..count).map(|place| [if place % 2 == 0 { 0.0 } else { 4e8 }, place as f64]);
    let start = Instant::now();
    // An image as wide as can be; many parts.
    let wide = [u32::MAX, 1];
    assert_eq!(polygon(zigzag(3), wide), Err(MaskError::Crossings(400_000_000)));
    let parts =
        outline((0..1 << 11).map(|part| [[0.0, part as f64], [99.0, part as f64], [50.0, 40_000.0]]), [99, 40_000]);
    assert_eq!(runs::bounds(&parts.unwrap(), 40_000), Some([0, 0, 99, 39_620]));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

fn side() -> impl Strategy<Value = f64> {
    prop_oneof![
        -30.0..130.0f64,
        any::<f64>(),
        -5e8..5e8f64,
        Just(-429_496_729.6),
        Just(429_496_729.4),
        any::<i32>().prop_map(f64::from)
    ]
}

proptest! {
    #[test]
    fn any_points(
        parts in prop::collection::vec(prop::collection::vec([side(), side()], 0..9), 0..4),
        width in 1u32..120,
        height in prop_oneof![1u32..120, 1u32..30_000_000],
    ) {
        let size = [width, height];
        let drawn = outline(parts.iter().map(|part| part.iter().copied()), size).unwrap();
        prop_assert_eq!(runs::pixels(&drawn), u64::from(size[0]) * u64::from(size[1]));
        if runs::pixels(&drawn) < 1 << 16 {
            let mut out = Vec::new();
            png::write(&drawn, size, &mut out).unwrap();
            prop_assert!(out.len() < 1000 + runs::pixels(&drawn) as usize);
        }
    }

    #[test]
    fn any_runs(
        a in prop::collection::vec(any::<u32>(), 0..9),
        b in prop::collection::vec(0u32..9, 0..9),
        size in [0u32..9, 0u32..9],
    ) {
        let mut out = Vec::new();
        let (one, both) = (png::write(&a, size, &mut out), merged(&[&a, &b], How::Union));
        prop_assert!(one.is_ok() || out.is_empty());
        prop_assert_eq!(both.is_ok(), runs::pixels(&a) == runs::pixels(&b));
    }
}
