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
    let most = u64::from(u32::MAX);
    assert_eq!(merged(&[[u32::MAX, 9]; 2], How::Union), Err(MaskError::Pixels(most + 9, most)));
    // Where all have two runs of length 0, pycocotools stops.
    assert_eq!(merged(&[[0, 0, 5], [0, 0, 5]], How::Union), Ok(vec![0, 0, 5]));
}

/// For edges this long `rleFrPoly` would take some 30 GB each; the results are those of its code, changed so that it takes the
/// points of the grid one by one, and compiled by gcc 12 with `-O2 -fwrapv`.
#[test]
fn far_points_cost_nothing() {
    let start = Instant::now();
    for (given, expected) in FAR {
        let points = points(given);
        for _ in 0..1000 {
            let found = polygon(points.iter().copied(), [10, 10]).unwrap();
            assert_eq!(runs::to_text(&found), expected, "{given}");
        }
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// Outlines in an image of 10x10 pixels.
const FAR: [(&str, &str); 24] = [
    ("12.2,3.3,-2.2,10.1,-1.5,6.3,11.6,1e+300", r"091O10000O100O100O100"),
    ("-2.1,6,12.2,7.1,6.3,1e+300,6.4,-2.2,0.5,5.9", r"?172O1O2N1000000000"),
    ("6,7.9,-1.4,429496729.4,0,-1e+300,8.4,6.0", r"0T22SNe0"),
    ("-200000000,-214748364.8,4.9,2.5,4.2,6.7", r"0371O1000Na1"),
    ("3.7,-400000000,-1.8,5.9,9.6,10.1,2.4,2.6,4.9,9.8", r"073001OL0N039NMO1O100"),
    ("-2,8.2,429496729,12.9,10.2,429496729", r"82800000000000000000"),
    ("0.5,1.6,8.8,-214748364.8,11.7,4.9", r":2800001O00001O0000"),
    ("inf,10.8,1.5,3.6,2.7,11.1", r">?W2"),
    ("-2.8,10.3,-0.1,1.5,429496729.4,429496729", r"283O1O1O1O1O1O1O;"),
    ("-1e+300,-1.9,0.3,-0.4,2.4,-2.2,-3,-0.6,-1.4,2.8", r"T3"),
    ("-429496729.7,200000000,4.6,-1.2,4.8,12.6,4.7,2.0", r"X1l1"),
    ("5.3,-429496728,164805300.16255355,-429496729.3,inf,-200000000.0", r"b1::000"),
    ("9.9,inf,8.8,0.6,5.3,2.7", r"b137O1O10:"),
    ("4.2,12,12.8,12.3,2.8,0.5,92620203.390463,-214748364.8", r"n0192N1N2M10O3M3O"),
    ("429496729.4,1e+300,-396858965.4045807,11.6,9.5,9,4.6,-0.1", r"9::00GH6OL5NO3L31J8"),
    ("9.9,-0.7,10.2,12.7,7.5,2.6,5.8,-0.9,-55600073.12371206,273970411.52478576", r"^141?1E4IO7"),
    ("429496729,214748364.8,5,9.2,2.2,5.7", r"T11:0O100O01O00"),
    ("10.2,11.1,-0.9,-0.6,5.2,11,-429496728,-400000000,9.4,-0.6", r"11:1O1O1O1O650GN"),
    ("9.5,-1.3,6,1,89155652.74816477,-429496729.7,429496729,inf,9.2,11.6", r"l11o07"),
    ("120504718.9788183,11.3,0.2,4.2,3.7,3.3,2.1,7.7", r"k01541O0000000000L"),
    ("-0.7,11.1,-429496728,429496729.4,12.2,3.4,4.8,12.8", r":::0000OO0J"),
    ("-429496729.7,-1.5,-429496728,-325206035.17092824,4.3,8.3", r"T3"),
    ("11.5,-0.1,-429496728,10.1,10.6,1e+300", r"T3"),
    ("-2.1,-38830242.38274306,3.8,-1.8,12,7.2,9.8,-1.7", r"l1191O1O1O"),
];

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
        let (most, again) = (u64::from(u32::MAX), merged(&[&a, &a], How::Intersection));
        prop_assert_eq!(again.map(|mask| runs::area(&mask)).ok(), Some(runs::area(&a)).filter(|_| runs::pixels(&a) <= most));
    }
}
