//! Which column means what: by name, in any order.
//!
//! Names are compared without case, blanks and marks (`img_fName` is `imgfname`). Where several columns could be the
//! same thing, the earlier name of the list has it and the others are attributes.

use crate::formats::text;

/// Delimiters in the order they are tried.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

const IMAGE: [&str; 17] = [
    "filename",
    "imgfname",
    "imagename",
    "imagefilename",
    "imgname",
    "imagefile",
    "imagepath",
    "filepath",
    "fname",
    "image",
    "img",
    "path",
    "file",
    "imageid",
    "imgid",
    "imageurl",
    "frame",
];
const CLASS: [&str; 13] = [
    "class",
    "classname",
    "label",
    "labelname",
    "classlabel",
    "celltype",
    "category",
    "categoryname",
    "name",
    "object",
    "objectname",
    "type",
    "classid",
];
const XMIN: [&str; 10] = ["xmin", "minx", "bboxxmin", "xtl", "bbxxtl", "left", "bboxleft", "xleft", "x0", "bboxx0"];
const YMIN: [&str; 10] = ["ymin", "miny", "bboxymin", "ytl", "bbxytl", "top", "bboxtop", "ytop", "y0", "bboxy0"];
const XMAX: [&str; 10] = ["xmax", "maxx", "bboxxmax", "xbr", "bbxxbr", "right", "bboxright", "xright", "x2", "bboxx2"];
const YMAX: [&str; 10] =
    ["ymax", "maxy", "bboxymax", "ybr", "bbxybr", "bottom", "bboxbottom", "ybottom", "y2", "bboxy2"];
const X: [&str; 3] = ["x", "bboxx", "boxx"];
const Y: [&str; 3] = ["y", "bboxy", "boxy"];
const CENTRE_X: [&str; 6] = ["xcenter", "xcentre", "centerx", "centrex", "cx", "xc"];
const CENTRE_Y: [&str; 6] = ["ycenter", "ycentre", "centery", "centrey", "cy", "yc"];
const BOX_WIDTH: [&str; 7] = ["bboxwidth", "boxwidth", "bboxw", "boxw", "bw", "w", "width"];
const BOX_HEIGHT: [&str; 7] = ["bboxheight", "boxheight", "bboxh", "boxh", "bh", "h", "height"];
const BOX: [&str; 4] = ["bbox", "boundingbox", "box", "bndbox"];
const WIDTH: [&str; 8] = ["width", "imagewidth", "imgwidth", "imgw", "imwidth", "imagew", "w", "originalwidth"];
const HEIGHT: [&str; 8] = ["height", "imageheight", "imgheight", "imgh", "imheight", "imageh", "h", "originalheight"];
const SPLIT: [&str; 6] = ["split", "set", "subset", "usage", "datasplit", "dataset"];

/// Where the box stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Geometry {
    /// xmin, ymin, xmax, ymax.
    Corners([usize; 4]),
    /// xmin, ymin, width, height.
    Size([usize; 4]),
    /// Centre, width, height.
    Centre([usize; 4]),
    /// `[xmin, ymin, width, height]` in one field.
    Text(usize),
    /// Four corners, x and y of each in turn.
    Quad([usize; 8]),
}

/// The columns of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub delimiter: u8,
    pub names: Vec<String>,
    pub image: usize,
    pub class: usize,
    pub geometry: Geometry,
    pub width: Option<usize>,
    pub height: Option<usize>,
    pub split: Option<usize>,
    pub pose: Option<usize>,
    pub difficult: Option<usize>,
    pub truncated: Option<usize>,
    pub occluded: Option<usize>,
    pub crowd: Option<usize>,
    /// Columns that are kept as attributes.
    pub extra: Vec<usize>,
    /// Bytes before the header: Excel's `sep=;`, empty lines.
    pub start: usize,
    /// There is no header: the first line is a row.
    pub headless: bool,
}

/// The columns of make-sense's table, which earlier versions write without a header.
const MAKE_SENSE: [&str; 8] =
    ["label_name", "bbox_x", "bbox_y", "bbox_width", "bbox_height", "image_name", "image_width", "image_height"];

/// Whether a line is a row of make-sense.
fn is_make_sense(line: &str) -> bool {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let Some(Ok(record)) = reader.records().next() else { return false };
    let fields: Vec<&str> = record.iter().collect();
    let [_, x, y, width, height, image, image_width, image_height] = fields[..] else { return false };
    let numbers = [x, y, width, height, image_width, image_height];
    crate::image::is_image_name(image) && numbers.iter().all(|number| text::number(number).is_some())
}

/// The columns of a file with this text, or what is missing in its header.
pub(super) fn columns(source: &str) -> Result<Columns, String> {
    let mut start = 0;
    let mut declared = None;
    let line = loop {
        let rest = source.get(start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        if rest.is_empty() {
            return Err("the file is empty".into());
        }
        let separator = line.trim().strip_prefix("sep=").and_then(|mark| mark.bytes().next());
        if declared.is_none() && separator.is_some() {
            declared = separator;
        } else if !text::trim(line).is_empty() {
            break line;
        }
        start += rest.find('\n').map_or(rest.len(), |end| end + 1);
    };
    if is_make_sense(line) {
        let names = MAKE_SENSE.map(str::to_owned).to_vec();
        return resolve(names, b',', start).map(|columns| Columns { headless: true, ..columns });
    }
    let mut best: Option<(usize, String)> = None;
    for delimiter in declared.into_iter().chain(DELIMITERS) {
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(line.as_bytes());
        let Some(Ok(record)) = reader.records().next() else { continue };
        let names: Vec<String> = record.iter().map(|name| text::trim(name).to_owned()).collect();
        let count = names.len();
        match resolve(names, delimiter, start) {
            Ok(columns) => return Ok(columns),
            Err(missing) if best.as_ref().is_none_or(|(most, _)| count > *most) => best = Some((count, missing)),
            Err(_) => {}
        }
    }
    Err(best.map_or_else(|| "the header cannot be read".into(), |(_, missing)| missing))
}

fn resolve(names: Vec<String>, delimiter: u8, start: usize) -> Result<Columns, String> {
    let folded: Vec<String> = names.iter().map(|name| text::fold(name)).collect();
    let has = |name: &str| folded.iter().any(|known| known == name);
    if has("regionshapeattributes") || has("imageid") && has("labelname") && (has("source") || has("confidence")) {
        return Err("the header is that of another format".into());
    }
    let mut free = vec![true; names.len()];
    let find = |aliases: &[&str], free: &[bool]| {
        aliases.iter().find_map(|alias| folded.iter().zip(free).position(|(name, free)| *free && name == alias))
    };
    let find_all = |lists: [&[&str]; 4], free: &[bool]| {
        let mut found = [0; 4];
        for (column, aliases) in found.iter_mut().zip(lists) {
            *column = find(aliases, free)?;
        }
        Some(found)
    };
    // `x0, y0, x1, y1` and `x1, y1, x2, y2`: what x1 is depends on the other.
    let (xmin, ymin): (Vec<&str>, Vec<&str>) = if has("x0") || !has("x2") {
        (XMIN.to_vec(), YMIN.to_vec())
    } else {
        ([&XMIN[..], &["x1", "bboxx1"]].concat(), [&YMIN[..], &["y1", "bboxy1"]].concat())
    };
    let (xmax, ymax) = if has("x0") {
        ([&XMAX[..], &["x1"]].concat(), [&YMAX[..], &["y1"]].concat())
    } else {
        (XMAX.to_vec(), YMAX.to_vec())
    };
    let lefts = [&xmin[..], &["x1"], &X[..]].concat();
    let tops = [&ymin[..], &["y1"], &Y[..]].concat();
    // `width` is the image's in `width,height,xmin,ymin`, even if the maximum is misspelt; it is the box's behind its
    // corner, or beside a corner that is just `x,y`.
    let is_size = |[x, y, w, h]: &[usize; 4]| {
        let of_image = folded[*w] == "width" && !X.contains(&&*folded[*x]);
        !of_image || (y.wrapping_sub(*x), w.wrapping_sub(*y), h.wrapping_sub(*w)) == (1, 1, 1)
    };
    let quad = || -> Option<Geometry> {
        let mut found = [0; 8];
        for (place, column) in found.iter_mut().enumerate() {
            let name = format!("{}{}", ["x", "y"][place % 2], place / 2 + 1);
            *column = find(&[&name], &free)?;
        }
        Some(Geometry::Quad(found))
    };
    let geometry = quad()
        .or_else(|| find_all([&xmin, &ymin, &xmax, &ymax], &free).map(Geometry::Corners))
        .or_else(|| find_all([&CENTRE_X, &CENTRE_Y, &BOX_WIDTH, &BOX_HEIGHT], &free).map(Geometry::Centre))
        .or_else(|| find_all([&lefts, &tops, &BOX_WIDTH, &BOX_HEIGHT], &free).filter(is_size).map(Geometry::Size))
        .or_else(|| find(&BOX, &free).map(Geometry::Text));
    match geometry {
        Some(Geometry::Corners(all) | Geometry::Centre(all) | Geometry::Size(all)) => {
            all.into_iter().for_each(|column| free[column] = false);
        }
        Some(Geometry::Text(column)) => free[column] = false,
        Some(Geometry::Quad(all)) => all.into_iter().for_each(|column| free[column] = false),
        None => {}
    }
    let mut take = |aliases: &[&str]| {
        let column = find(aliases, &free)?;
        free[column] = false;
        Some(column)
    };
    let (image, class) = (take(&IMAGE), take(&CLASS));
    let (Some(image), Some(class), Some(geometry)) = (image, class, geometry) else {
        let missing = [(image.is_none(), "the image"), (class.is_none(), "the class"), (geometry.is_none(), "the box")];
        let missing: Vec<&str> = missing.into_iter().filter(|(missing, _)| *missing).map(|(_, what)| what).collect();
        return Err(format!("no column for {} in the header {}", missing.join(", "), shown(&names)));
    };
    let columns = Columns {
        delimiter,
        image,
        class,
        geometry,
        width: take(&WIDTH),
        height: take(&HEIGHT),
        split: take(&SPLIT),
        pose: take(&["pose", "view"]),
        difficult: take(&["difficult", "isdifficult"]),
        truncated: take(&["truncated", "istruncated"]),
        occluded: take(&["occluded", "isoccluded"]),
        crowd: take(&["iscrowd", "crowd"]),
        extra: Vec::new(),
        names: Vec::new(),
        start,
        headless: false,
    };
    let is_index = |name: &str| name.is_empty() || name == "index" || name.starts_with("unnamed");
    let extra = (0..names.len()).filter(|column| free[*column] && !is_index(&folded[*column])).collect();
    Ok(Columns { extra, names, ..columns })
}

/// A header for a message, at a bearable length.
fn shown(names: &[String]) -> String {
    let header = names.join(",");
    match header.char_indices().nth(200) {
        Some((end, _)) => format!("{:?} ...", &header[..end]),
        None => format!("{header:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_seen_in_the_wild() {
        for (header, geometry, image, class) in [
            ("filename,width,height,class,xmin,ymin,xmax,ymax", Geometry::Corners([4, 5, 6, 7]), 0, 3),
            ("filename,cell_type,xmin,xmax,ymin,ymax", Geometry::Corners([2, 4, 3, 5]), 0, 1),
            (
                "img_fName,img_w,img_h,class_label,bbx_xtl,bbx_ytl,bbx_xbr,bbx_ybr",
                Geometry::Corners([4, 5, 6, 7]),
                0,
                3,
            ),
            ("\"image\",\"xmin\",\"ymin\",\"xmax\",\"ymax\",\"label\"", Geometry::Corners([1, 2, 3, 4]), 0, 5),
            ("x0;y0;x1;y1;label;path", Geometry::Corners([0, 1, 2, 3]), 5, 4),
            ("image\tx1\ty1\tx2\ty2\tname", Geometry::Corners([1, 2, 3, 4]), 0, 5),
            ("image,x,y,w,h,label", Geometry::Size([1, 2, 3, 4]), 0, 5),
            ("image_name,label,x,y,width,height,image_width,image_height", Geometry::Size([2, 3, 4, 5]), 0, 1),
            ("filename,class,x_center,y_center,width,height", Geometry::Centre([2, 3, 4, 5]), 0, 1),
            ("image,class,xmin,ymin,width,height", Geometry::Size([2, 3, 4, 5]), 0, 1),
            ("image_id,width,height,bbox,class", Geometry::Text(3), 0, 4),
            ("image,x1,y1,x2,y2,x3,y3,x4,y4,class", Geometry::Quad([1, 2, 3, 4, 5, 6, 7, 8]), 0, 9),
            (",filename,width,height,class,xmin,ymin,xmax,ymax", Geometry::Corners([5, 6, 7, 8]), 1, 4),
        ] {
            let columns = columns(header).expect(header);
            assert_eq!((columns.geometry, columns.image, columns.class), (geometry, image, class), "{header}");
        }
    }

    #[test]
    fn what_remains_is_kept() {
        let found =
            columns("sep=;\n\nUnnamed: 0;path;filename;Difficult;iscrowd;Colour;split;class;xmin;ymin;xmax;ymax;w;h\n")
                .expect("good");
        assert_eq!(
            found.extra.iter().map(|column| found.names[*column].as_str()).collect::<Vec<_>>(),
            ["path", "Colour"]
        );
        assert_eq!((found.width, found.height, found.split), (Some(12), Some(13), Some(6)));
        assert_eq!(
            (found.difficult, found.crowd, found.image, found.delimiter, found.start),
            (Some(3), Some(4), 2, b';', 7)
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        let missing = |header| columns(header).expect_err(header);
        assert_eq!(missing(""), "the file is empty");
        assert_eq!(
            missing("filename,xmin,ymin,xmax,ymax"),
            "no column for the class in the header \"filename,xmin,ymin,xmax,ymax\""
        );
        assert!(columns("filename,width,height,class,xmin,ymin,xmx,ymx").is_err());
        assert_eq!(missing("a;b"), "no column for the image, the class, the box in the header \"a,b\"");
        assert_eq!(
            missing("ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax"),
            "the header is that of another format"
        );
    }
}
