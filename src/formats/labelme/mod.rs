//! LabelMe JSON (wkentaro/labelme, also Labelme's followers as X-AnyLabeling): a file per image.
//!
//! ```text
//! {"version", "flags": {"night": true}, "imagePath": "a.jpg", "imageData": base64 | null, "imageHeight", "imageWidth",
//!  "shapes": [{"label", "points": [[x, y], ...], "shape_type", "group_id", "flags": {}, "description"?, "mask"?}]}
//! ```
//!
//! Specification: <https://github.com/wkentaro/labelme/blob/main/labelme/_label_file.py>. Pixels are 0-based, with fractions.
//!
//! Decisions
//! - LabelMe shows images turned as their EXIF orientation says: shapes are drawn, and written, on that.
//! - `rectangle`: any two opposite corners; four corners that are no upright box, `oriented_rectangle` (6.0) and X-AnyLabeling's
//!   `rotation` are a turned box.
//!   `circle` (centre and a point of the rim) is an outline of 32 points with the circle's own box. `mask` is a PNG of its
//!   box. `point`, `points`, `line` and `linestrip` become keypoints.
//! - Shapes of one label and one `group_id` are one object, points of other labels in its group its keypoints, hidden where they
//!   are `difficult`, as X-AnyLabeling draws poses ([`super::grouping`]); their order is that of its `classes: {person: [nose]}`
//!   in a YAML file, where there is one. Elsewhere the group is kept as an attribute.
//! - Flags of the image that are set are classes of the image, those of a shape are attributes.
//! - The image is the one with the annotation's stem, else that of `imagePath`; where there is neither, it is `imageData`.

mod write;

use crate::dataset::{ProblemKind, flag};
use crate::formats::grouping::{self, Grouping};
use crate::formats::images::{Asker, Match, Matcher};
use crate::formats::json::Head;
use crate::formats::json::node::Node;
use crate::formats::pages::{self, Finding, Found, Kind, Page, Sheet};
use crate::formats::text::{self, Fault};
use crate::formats::tree::{FileId, Tree, file_name, stem_of};
use crate::formats::{
    Carries, Evidence, Format, FormatError, LoadOptions, Reading, Write, bitmap, geometry, own, spill, splits, yaml,
};
use crate::image::is_image_name;

/// The format's row in the registry.
pub static FORMAT: Format = Format {
    name: "labelme",
    aliases: &["labelme-json", "x-anylabeling"],
    title: "LabelMe JSON",
    specification: "https://github.com/wkentaro/labelme",
    layout: "\
a.jpg  a.json                       side by side, also in train/ valid/ test/
images/a.jpg  annotations/a.json    (or labels/)
pose.yaml                           names of keypoints (X-AnyLabeling)",
    carries: &[
        Carries::Boxes,
        Carries::Polygons,
        Carries::Masks,
        Carries::Keypoints,
        Carries::KeypointOrder,
        Carries::Hidden,
        Carries::Score,
        Carries::Difficult,
        Carries::Attributes,
        Carries::ImageLabels,
        Carries::Negatives,
        Carries::Splits,
        Carries::Sizes,
        Carries::Corners,
        Carries::Fractions,
    ],
    detect,
    looks_for: "JSON files with \"shapes\" and \"imagePath\" (LabelMe)",
    read,
    write: Some(Write { not: &[], folders: true, write: write::write }),
};

fn look(head: &[u8]) -> bool {
    let head = Head::of(head);
    head.has("shapes")
        && (head.has_all(&["version", "flags"]) || head.has("imagePath") || head.says("shapes", "\"points\""))
}

fn detect(tree: &Tree) -> Option<Evidence> {
    pages::detect(tree, &["json"], "LabelMe's shapes", look)
}

fn read(tree: &Tree, options: &LoadOptions) -> Result<Reading, FormatError> {
    let files = pages::own_files(tree, look);
    if files.is_empty() {
        return Err(pages::nothing(&FORMAT));
    }
    let inside =
        Inside { tree, matcher: Matcher::among(tree, |path| !own::is_mask(path)), images: spill::Inside::default() };
    let mut pages = pages::read_each(tree, options, files, &|text, file| page(text, file, &inside));
    grouping::order_points(&mut pages, || {
        tree.annotations_around(&["yaml", "yml"]).flat_map(|file| configured(tree, file)).collect()
    });
    let mut reading = pages::gather(tree, Kind::Own("imagePath"), pages, Vec::new());
    reading.dataset.drawn_turned = Some(true);
    inside.images.finish(&mut reading.dataset)?;
    Ok(reading)
}

/// The keypoints of each class in a configuration of poses: `classes: {person: [nose, ...]}`.
fn configured(tree: &Tree, file: FileId) -> Vec<Vec<String>> {
    let Ok(bytes) = tree.read(file, pages::LIMIT) else { return Vec::new() };
    let Ok(root) = yaml::parse(&text::decode(&bytes).text) else { return Vec::new() };
    let Some(yaml::Value::Map(classes)) = root.get("classes").map(|classes| &classes.value) else { return Vec::new() };
    let names = |node: &yaml::Node| node.elements().iter().filter_map(|name| Some(name.text()?.to_owned())).collect();
    classes.iter().map(|(_, node)| names(node)).collect()
}

/// Takes images out of annotations whose image is not there otherwise.
struct Inside<'t> {
    tree: &'t Tree,
    matcher: Matcher<'t>,
    images: spill::Inside,
}

impl Inside<'_> {
    /// Puts the image `data` aside, and names the sheet's image by what it is.
    fn take(&self, data: &str, file: FileId, sheet: &mut Sheet) -> Result<(), String> {
        let path = self.tree.path(file);
        let asker = Asker { path, split: splits::of_folders(self.tree, path) };
        // A path that leads elsewhere is what LabelMe writes of an image in another folder.
        let missing = |found: Match| matches!(found, Match::Missing | Match::Outside);
        if !missing(self.matcher.find_own(&sheet.name, &asker)) || !missing(self.matcher.find(&sheet.name, &asker)) {
            return Ok(());
        }
        let (span, kind) = self.images.take(data)?;
        sheet.spilled = Some(span);
        let said = sheet.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = stem_of(file_name(path));
        sheet.name = if is_image_name(said) { said.to_owned() } else { format!("{stem}.{}", kind.extension()) };
        Ok(())
    }
}

fn page(text: &str, file: FileId, inside: &Inside<'_>) -> Result<Page, Fault> {
    let root = Node::parse(text, 1)?;
    let Some(shapes) = root.get("shapes").filter(|shapes| shapes.is_list()) else {
        return Err(Fault::new(root.line, "\"shapes\" is missing or no list"));
    };
    let mut page = Page::default();
    let mut sheet = Sheet {
        name: root.text("imagePath").unwrap_or_default().to_owned(),
        line: root.line,
        size: (root.pixels("imageWidth"), root.pixels("imageHeight")),
        ..Sheet::default()
    };
    if let Some(data) = root.get("imageData")
        && let Some(text) = data.as_text().filter(|text| !text.is_empty())
        && let Err(fault) = inside.take(text, file, &mut sheet)
    {
        let message = format!("imageData was not used: {fault}");
        page.findings.push((ProblemKind::IgnoredField, data.line, message));
    }
    for (name, set) in root.get("flags").map_or(&[][..], Node::members) {
        if set.as_flag() == Some(true) {
            sheet.label(name);
        }
    }
    let mut grouping = Grouping::default();
    for shape in shapes.items() {
        let group = shape.word("group_id").map(|group| group.into_owned());
        match object(shape, sheet.size, &mut page.findings) {
            Ok(found) if shape.text("shape_type") == Some("point") => grouping.add_spot(group, found),
            Ok(found) => grouping.add(group, found),
            lost => sheet.add(lost, &mut page.findings),
        }
    }
    grouping.finish(&mut sheet);
    page.sheets.push(sheet);
    Ok(page)
}

/// The object of a shape.
fn object(shape: &Node<'_>, size: (u32, u32), findings: &mut Vec<Finding>) -> Result<Found, Fault> {
    let line = shape.line;
    let Some(label) = shape.class_at("label") else { return Err(Fault::new(line, "the shape has no label")) };
    let points = points(shape)?;
    let kind = shape.text("shape_type").unwrap_or("polygon");
    let wrong = || Fault::new(line, format!("{kind} {label:?} has {} points", points.len()));
    let mut found = match (kind, &points[..]) {
        ("rectangle", [[x0, y0], [x1, y1]]) => Found::boxed(&label, line, [*x0, *y0, *x1, *y1]),
        ("rectangle" | "oriented_rectangle" | "rotation", [a, b, c, d]) => {
            let upright = kind == "rectangle" && (a[0] == b[0] || a[1] == b[1]) && (c[0] == d[0] || c[1] == d[1]);
            let found = Found::turned(&label, line, [*a, *b, *c, *d]);
            if upright { Found::boxed(&label, line, found.object.bbox) } else { found }
        }
        ("polygon", _) => Found::outlined(&label, line, vec![points])?,
        ("circle", [centre, rim]) => {
            let radius = (rim[0] - centre[0]).hypot(rim[1] - centre[1]);
            let mut found = Found::outlined(&label, line, vec![geometry::ellipse(*centre, [radius; 2], 0.0)])?;
            found.object.bbox = geometry::ellipse_box(*centre, [radius; 2], 0.0);
            found
        }
        ("mask", [[x0, y0], _]) => {
            let data = shape.text("mask").ok_or_else(|| Fault::new(line, format!("mask {label:?} has no picture")))?;
            let at_line = |fault: Fault| Fault { line, ..fault };
            let bitmap = bitmap::from_base64(data).and_then(|bytes| bitmap::from_png(&bytes)).map_err(at_line)?;
            let place = [x0.round() as i64, y0.round() as i64];
            let mask = geometry::mask_of_crop([size.0, size.1], place, [bitmap.width, bitmap.height], |x, y| {
                bitmap.is_set(x, y)
            });
            Found::masked(&label, line, mask.map_err(at_line)?)?
        }
        ("point" | "points", _) => Found::pointed(&label, line, &points)?,
        ("line" | "linestrip", _) => Found::line(&label, line, &points)?,
        ("rectangle" | "oriented_rectangle" | "rotation" | "circle" | "mask", _) => return Err(wrong()),
        _ => return Err(Fault::new(line, format!("shape_type {kind:?} is not known"))),
    };
    if let Some(score) = shape.get("score") {
        found.object.score = score.as_number();
    }
    if let Some(set) = shape.get("difficult") {
        found = found.flagged(flag::DIFFICULT, set.as_flag());
        if set.as_flag().is_none() {
            findings.push((ProblemKind::IgnoredField, set.line, "difficult is neither yes nor no; left out".into()));
        }
    }
    for (name, set) in shape.get("flags").map_or(&[][..], Node::members) {
        if set.as_flag() == Some(true) {
            found.attribute(name, "true");
        }
    }
    for (name, value) in shape.get("attributes").map_or(&[][..], Node::members) {
        found.attribute(name, &value.words().unwrap_or_default());
    }
    found.attribute("description", &shape.word("description").unwrap_or_default());
    Ok(found)
}

fn points(shape: &Node<'_>) -> Result<Vec<[f64; 2]>, Fault> {
    let Some(points) = shape.get("points") else { return Err(Fault::new(shape.line, "the shape has no points")) };
    let point = |node: &Node<'_>| match node.numbers()?[..] {
        [x, y] => Ok([x, y]),
        _ => Err(Fault::new(node.line, "a point is not one x and one y")),
    };
    points.items().iter().map(point).collect()
}
