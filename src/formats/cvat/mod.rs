//! CVAT XML 1.1, for images and for videos: one file for many images.
//!
//! ```text
//! <annotations><version>1.1</version>
//!   <meta><task|project|job><labels><label><name/><type/><parent/>?</label></labels><size/><original_size/>...</meta>
//!   <image id name width height subset?>
//!     <box label occluded xtl ytl xbr ybr rotation? z_order><attribute name="">v</attribute></box>
//!     <polygon points="x,y;x,y"/> <polyline points/> <points points/> <ellipse cx cy rx ry rotation?/> <cuboid xtl1 .../>
//!     <mask rle="n, n" left top width height/> <skeleton label><points label points outside occluded/></skeleton> <tag label/>
//!   <track id label><box frame outside occluded keyframe .../></track>
//! ```
//!
//! Specification: <https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/>. Pixels are 0-based, with fractions.
//!
//! Decisions
//! - CVAT shows images turned as their EXIF orientation says: shapes are drawn, and written, on that.
//! - `rotation` is in degrees, clockwise about the centre. `rle` counts runs of pixels that are not set and are in turn, row by
//!   row inside of its box. A polyline, points and a cuboid's eight corners become keypoints. A skeleton's points are the
//!   keypoints of its class, in the order of the labels; one that is outside is not labelled.
//! - A tag is a class of the image; `z_order` beyond 0 and the attributes are kept as attributes, an attribute `track_id` is the
//!   track. Shapes of one label and one `group_id` are one object ([`super::grouping`]).
//! - A track stands in all frames from its first shape on, in between by straight lines; from one that is `outside` to the next
//!   that is not it is hidden. It goes on to the end of the job only in files that have nothing but keyframes.
//! - Where people have the class in an attribute below a label such as `Objects`, `class_attribute` names that.
//! - Frames are images called `frame_000012`; a frame without objects counts where its image is there.
//! - `subset` is the split, of an image, or else of its task.

mod shapes;
mod tracks;
mod write;

use self::shapes::Labels;
use super::grouping::Grouping;
use super::pages::{self, Kind, Page, Sheet};
use super::text::{self, Fault};
use super::tree::Tree;
use super::xml::{Cursor, Element, Event};
use super::{Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write};
use crate::dataset::Split;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "cvat",
    aliases: &["cvat-xml", "cvat-images", "cvat-video"],
    title: "CVAT XML",
    specification: "https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/",
    layout: "\
annotations.xml  images/a.jpg                  (also images/<subset>/a.jpg)
annotations.xml  images/frame_000000.PNG       a video",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::Skeletons,
        Carries::UnusedKeypoints,
        Carries::Occluded,
        Carries::Attributes,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::ClassOrder,
        Carries::Sizes,
        Carries::ImageIds,
        Carries::Corners,
        Carries::Tracks,
        Carries::Fractions,
    ],
    detect,
    looks_for: "XML files with a root element <annotations> that holds <meta>, <image> or <track> (CVAT)",
    read,
    write: Some(Write { not: &[], folders: true, write: write::write }),
};

fn look(head: &[u8]) -> bool {
    let head = text::decode(head);
    let mut cursor = Cursor::new(&head.text);
    let mut depth = 0;
    // A head may end anywhere, so what is wrong at its end says nothing.
    while let Ok(event) = cursor.next_tag() {
        match event {
            Event::Open { name: "annotations", .. } if depth == 0 => depth = 1,
            Event::Open { name: "meta" | "image" | "track", .. } if depth == 1 => return true,
            Event::Open { name: "version", .. } if depth == 1 => depth = 2,
            Event::Close { .. } if depth == 2 => depth = 1,
            _ => return false,
        }
    }
    false
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["xml"], "CVAT's images or tracks", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let mut reading =
        pages::read(tree, options, &FORMAT, pages::files(tree, &["xml"], look), Kind::List, &|text, _| {
            let mut page = page(text)?;
            options.class_attribute.as_deref().into_iter().for_each(|name| name_classes(&mut page, name));
            Ok(page)
        })?;
    reading.dataset.drawn_turned = Some(true);
    Ok(reading)
}

/// Gives objects the class that an attribute says, where they have it.
fn name_classes(page: &mut Page, name: &str) {
    for found in page.sheets.iter_mut().flat_map(|sheet| &mut sheet.objects) {
        let attributes = &mut found.object.attributes;
        if let Some(place) = attributes.iter().position(|(known, _)| **known == *name) {
            found.class = attributes.remove(place).1;
        }
    }
}

fn page(text: &str) -> Result<Page, Fault> {
    let mut cursor = Cursor::new(text);
    let mut page = Page::default();
    let mut labels = Labels::default();
    let mut videos = tracks::Videos::default();
    let mut tracks = Vec::new();
    match cursor.next_tag()? {
        Event::Open { name: "annotations", .. } => {}
        Event::Open { name, line } => {
            return Err(Fault::new(line, format!("the root element is <{name}>, CVAT's is <annotations>")));
        }
        _ => return Err(Fault::new(1, "no element, so no XML document")),
    }
    loop {
        match cursor.next_tag()? {
            Event::Open { .. } => {
                let element = cursor.element()?;
                match element.name {
                    "meta" => {
                        labels.add(&element);
                        videos.add(&element);
                    }
                    "image" => image(&element, videos.split_of(&element), &mut labels, &mut page),
                    "track" => tracks.push(element),
                    _ => {}
                }
            }
            Event::Close { .. } => {}
            Event::End => break,
        }
    }
    videos.sheets(tracks, &mut labels, &mut page);
    page.classes = labels.into_classes();
    Ok(page)
}

fn image(element: &Element<'_>, of_task: Option<Split>, labels: &mut Labels, page: &mut Page) {
    let pixels = |name: &str| element.attribute(name).and_then(text::pixels).unwrap_or(0);
    let mut sheet = Sheet {
        name: element.attribute("name").unwrap_or_default().to_owned(),
        line: element.line,
        size: (pixels("width"), pixels("height")),
        split: element.attribute("subset").map_or(of_task, Split::from_word),
        id: element.attribute("id").and_then(|id| id.parse().ok()),
        ..Sheet::default()
    };
    let findings = &mut page.findings;
    if sheet.name.is_empty() {
        sheet.add(Err(Fault::new(element.line, "<image> has no name")), findings);
    } else {
        let mut grouping = Grouping::default();
        for shape in &element.children {
            match shape.name {
                "tag" => match shape.attribute("label").filter(|label| !label.is_empty()) {
                    Some(label) => sheet.label(label),
                    None => sheet.add(Err(Fault::new(shape.line, "<tag> has no label")), findings),
                },
                _ => match shapes::object(shape, None, sheet.size, labels) {
                    Ok(found) => {
                        let group = shape.attribute("group_id").filter(|group| !matches!(*group, "" | "0"));
                        grouping.add(group.map(str::to_owned), found);
                    }
                    lost => sheet.add(lost, findings),
                },
            }
        }
        grouping.finish(&mut sheet);
    }
    page.sheets.push(sheet);
}
