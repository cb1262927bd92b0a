//! CVAT XML as it is written: images, as CVAT exports a project.
//!
//! ```text
//! annotations.xml  images/{train,val,test}/a.jpg
//! ```
//!
//! - `name` is without the folder, `subset` says it: so CVAT and Datumaro find the image.
//! - Keypoints that have names are a skeleton, whose label has their names as labels below it and its bones as a drawing; others
//!   are `<points>` where all are visible.
//! - `<image>` has no place for a track: an attribute `track_id` says it, as Datumaro's does.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::shapes::TRACK;
use crate::dataset::{Keypoint, flag};
use crate::formats::FormatError;
use crate::formats::target::{
    Drawn, Draws, Groups, Plain, Points, Ready, ReadyImage, Remarks, Shape, Sink, colour_text, put_images, put_list,
    remark_lines, val_word,
};
use crate::formats::trace::Region;
use crate::formats::xml::escaped;
use crate::formats::{bitmap, geometry};

const DRAWS: Draws =
    Draws { outlines: true, masks: true, holes: false, turned: true, points: Points::Own, groups: Groups::Numbered };

pub(super) fn write(ready: &Ready<'_>, sink: &dyn Sink) -> Result<Remarks, FormatError> {
    // The tool shows images turned as their EXIF orientation says.
    let ready = &*ready.as_shown();
    let ids = ready.image_ids(0);
    let places: Vec<usize> = (0..ready.images.len()).collect();
    let head =
        format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n  <version>1.1</version>\n{}", meta(ready));
    put_list(ready, sink, "annotations.xml", [&head, "\n</annotations>\n"], &places, |place, image, text| {
        let id = ids.get(place).copied().unwrap_or(0);
        text.extend_from_slice(self::image(ready, image, id).as_bytes());
    })?;
    put_images(ready, sink, |image| format!("images/{}/{}", val_word(image.split), image.name))?;
    Ok(remark_lines(ready))
}

/// What CVAT says of a project: its tasks, its labels with their attributes.
fn meta(ready: &Ready<'_>) -> String {
    let mut text =
        String::from("  <meta>\n    <project>\n      <id>1</id>\n      <name>recordmill</name>\n      <tasks>\n");
    let splits = ready.splits();
    for (id, split) in (1..).zip(&splits) {
        let (word, size) = (val_word(*split), ready.images_of(*split).len());
        let _ = writeln!(
            text,
            "        <task><id>{id}</id><name>{word}</name><size>{size}</size><mode>annotation</mode><subset>{word}</subset></task>"
        );
    }
    text += "      </tasks>\n      <labels>\n";
    let mut attributes: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); ready.classes.len()];
    for object in &ready.objects {
        let Some(known) = attributes.get_mut(object.class as usize) else { continue };
        known.extend(ready.attributes(object).iter().map(|(name, _)| &**name));
        if ready.dataset.objects.track.get(object.row).is_some() {
            known.insert(TRACK);
        }
    }
    for (number, (class, attributes)) in ready.classes.iter().zip(attributes).enumerate() {
        let details = class.details.filter(|details| !details.keypoints.is_empty());
        let kind = if details.is_some() { "skeleton" } else { "any" };
        let name = escaped(&class.name);
        let _ = write!(
            text,
            "        <label><name>{name}</name><color>{}</color><type>{kind}</type><attributes>",
            colour_text(number)
        );
        for attribute in attributes {
            let _ = write!(
                text,
                "<attribute><name>{}</name><mutable>False</mutable><input_type>text</input_type><default_value></default_value>\
                 <values></values></attribute>",
                escaped(attribute)
            );
        }
        text += "</attributes>";
        if let Some(details) = details {
            let _ = write!(text, "<svg>{}</svg>", escaped(&drawing(&details.keypoints, &details.skeleton)));
        }
        text += "</label>\n";
        for point in details.into_iter().flat_map(|details| &details.keypoints) {
            let _ = writeln!(
                text,
                "        <label><name>{}</name><color>{}</color><type>points</type><attributes></attributes><parent>{name}\
                 </parent></label>",
                escaped(point),
                colour_text(number)
            );
        }
    }
    let words: Vec<&str> = splits.into_iter().map(val_word).collect();
    let _ = write!(text, "      </labels>\n      <subsets>{}</subsets>\n    </project>\n  </meta>", words.join("\n"));
    text
}

/// The drawing of a skeleton, its points around a circle.
fn drawing(names: &[String], bones: &[[u32; 2]]) -> String {
    let place = |number: usize| {
        let turn = number as f64 / names.len() as f64 * std::f64::consts::TAU;
        [turn.sin(), -turn.cos()].map(|side| ((50.0 + 40.0 * side) * 100.0).round() / 100.0)
    };
    let mut text = String::new();
    for [from, to] in bones {
        let ([x1, y1], [x2, y2]) = (place(*from as usize), place(*to as usize));
        let _ = write!(
            text,
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"black\" data-type=\"edge\" data-node-from=\"{}\" \
             stroke-width=\"0.5\" data-node-to=\"{}\"></line>",
            from + 1,
            to + 1
        );
    }
    for (number, name) in names.iter().enumerate() {
        let [x, y] = place(number);
        let id = number + 1;
        let _ = write!(
            text,
            "<circle r=\"1.5\" stroke=\"black\" fill=\"#b3b3b3\" cx=\"{x}\" cy=\"{y}\" stroke-width=\"0.1\" \
             data-type=\"element node\" data-element-id=\"{id}\" data-node-id=\"{id}\" data-label-name=\"{}\"></circle>",
            escaped(name)
        );
    }
    text
}

fn image(ready: &Ready<'_>, image: &ReadyImage, id: i64) -> String {
    let mut text = format!(
        "\n  <image id=\"{id}\" name=\"{}\" subset=\"{}\" width=\"{}\" height=\"{}\">\n",
        escaped(&image.name),
        val_word(image.split),
        image.width,
        image.height
    );
    for drawn in ready.drawn(image, DRAWS) {
        for shape in &drawn.shapes {
            self::shape(ready, &drawn, shape, &mut text);
        }
    }
    for label in ready.label_names(image) {
        let _ = writeln!(text, "    <tag label=\"{}\" source=\"file\"></tag>", escaped(label));
    }
    text += "  </image>";
    text
}

fn shape(ready: &Ready<'_>, drawn: &Drawn<'_>, shape: &Shape<'_>, text: &mut String) {
    let object = &drawn.object;
    let class = escaped(ready.class_of(object));
    let mut common = format!(" occluded=\"{}\"", u8::from(ready.flags(object) & flag::OCCLUDED != 0));
    let z_order = drawn.attributes.iter().find(|(name, value)| *name == "z_order" && value.parse::<i64>().is_ok());
    let _ = write!(common, " source=\"file\" z_order=\"{}\"", z_order.map_or("0", |(_, value)| value));
    if let Some(group) = drawn.group {
        let _ = write!(common, " group_id=\"{group}\"");
    }
    let sides = |[x0, y0, x1, y1]: [f64; 4]| {
        format!(" xtl=\"{}\" ytl=\"{}\" xbr=\"{}\" ybr=\"{}\"", Plain(x0), Plain(y0), Plain(x1), Plain(y1))
    };
    let (tag, own, inside) = match shape {
        Shape::Box(bbox) => ("box", sides(*bbox), String::new()),
        Shape::Turned(corners) => {
            let ([x, y], width, height, degrees) = geometry::of_corners(corners);
            let upright = [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0];
            let own = format!("{} rotation=\"{}\"", sides(upright), Plain(degrees.rem_euclid(360.0)));
            ("box", own, String::new())
        }
        Shape::Outline(part) | Shape::Region(Region { exterior: part, .. }) => ("polygon", points(part), String::new()),
        Shape::Mask(mask) => {
            let Some(([left, top], bitmap)) = bitmap::crop_of(mask) else { return };
            let runs: Vec<String> = bitmap::row_runs(&bitmap).iter().map(u32::to_string).collect();
            let own = format!(
                " rle=\"{}\" left=\"{left}\" top=\"{top}\" width=\"{}\" height=\"{}\"",
                runs.join(", "),
                bitmap.width,
                bitmap.height
            );
            ("mask", own, String::new())
        }
        Shape::Points(keypoints) => {
            let visible = keypoints.iter().all(|point| point.visibility == 2);
            if visible && !ready.has_named_points(object) {
                let all: Vec<[f64; 2]> = keypoints.iter().map(|point| [point.x, point.y]).collect();
                ("points", points(&all), String::new())
            } else {
                ("skeleton", String::new(), nodes(ready, drawn, keypoints))
            }
        }
    };
    let _ = write!(text, "    <{tag} label=\"{class}\"{common}{own}>{inside}");
    let track = ready.dataset.objects.track.get(object.row).map(i64::to_string);
    let attributes = drawn.attributes.iter().copied().filter(|(name, _)| z_order.is_none() || *name != "z_order");
    for (name, value) in attributes.chain(track.as_deref().map(|track| (TRACK, track))) {
        let _ = write!(text, "<attribute name=\"{}\">{}</attribute>", escaped(name), escaped(value));
    }
    let _ = writeln!(text, "</{tag}>");
}

fn points(points: &[[f64; 2]]) -> String {
    let pairs: Vec<String> = points.iter().map(|[x, y]| format!("{},{}", Plain(*x), Plain(*y))).collect();
    format!(" points=\"{}\"", pairs.join(";"))
}

/// The points of a skeleton: one that is not labelled is outside, one that is hidden occluded.
fn nodes(ready: &Ready<'_>, drawn: &Drawn<'_>, keypoints: &[Keypoint]) -> String {
    let mut text = String::new();
    for (number, point) in keypoints.iter().enumerate() {
        let _ = write!(
            text,
            "<points label=\"{}\" source=\"file\" outside=\"{}\" occluded=\"{}\"{}></points>",
            escaped(&ready.point_name(&drawn.object, number)),
            u8::from(point.visibility == 0),
            u8::from(point.visibility == 1),
            points(&[[point.x, point.y]])
        );
    }
    text
}
