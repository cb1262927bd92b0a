"""Fixtures of PASCAL VOC XML."""

from fixture import HEIGHT, WIDTH, case, filled, image, labels, line_of, obj, picture, there


def bndbox(x0, y0, x1, y1) -> str:
    return f"<bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox>"


def voc_object(name="cat", box=(4, 5, 20, 25), more="<pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>") -> str:
    return f"\t<object>\n\t\t<name>{name}</name>\n\t\t{more}\n\t\t{bndbox(*box)}\n\t</object>\n"


SIZE = f"\t<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>\n"


def voc(filename: str, *objects: str, size=SIZE, database="Unknown", folder="images", extra="") -> str:
    """As LabelImg writes it, on fewer lines: the first object starts at line 6, each has five lines."""
    return (
        f"<annotation>\n\t<folder>{folder}</folder>\n\t<filename>{filename}</filename>\n"
        f"\t<source><database>{database}</database></source>{extra}\n{size}" + "".join(objects) + "</annotation>\n"
    )


PLAIN = {"flags": ["not difficult", "not truncated"], "pose": "Unspecified"}


def voc_good() -> None:
    cat = obj("cat", (4, 5, 20, 25), line=6, **PLAIN)
    dog = obj("dog", (0, 0, 40, 30), line=11, **PLAIN)
    two = voc_object() + voc_object("dog", (0, 0, 40, 30))

    case("voc", "flat", {
        "b.png": picture(1), "a.png": picture(2), "c.png": picture(3),
        "a.xml": voc("a.png", two), "b.xml": voc("b.png", voc_object("dog", (1, 2, 3, 4))), "c.xml": voc("c.png"),
        ".hidden/a.xml": "<", "__MACOSX/a.png": "x", "Thumbs.db": "x", "README.txt": "a cat",
    }, {
        "format": "voc", "classes": ["cat", "dog"], "ordered": False,
        "images": [there("a.png", cat, dog), there("b.png", obj("dog", (1, 2, 3, 4), line=6, **PLAIN)), there("c.png")],
        "problems": [],
    })

    case("voc", "images-and-xmls", {
        "images/x/a.png": picture(1), "images/y/a.png": picture(2), "xmls/x/a.xml": voc("a.png", two),
        "xmls/y/a.xml": voc("a.png", voc_object()),
    }, {
        "format": "voc", "classes": ["cat", "dog"], "ordered": False,
        "images": [there("images/x/a.png", cat, dog), there("images/y/a.png", cat)], "problems": [],
    })

    # As Roboflow exports: xmin, xmax, ymin, ymax; occluded; polygons.
    roboflow = """<annotation>
\t<folder></folder>
\t<filename>{name}</filename>
\t<path>{name}</path>
\t<source>
\t\t<database>roboflow.com</database>
\t</source>
\t<size>
\t\t<width>40</width>
\t\t<height>30</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>cat</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>0</difficult>
\t\t<occluded>1</occluded>
\t\t<bndbox>
\t\t\t<xmin>3</xmin>
\t\t\t<xmax>21</xmax>
\t\t\t<ymin>4</ymin>
\t\t\t<ymax>25</ymax>
\t\t</bndbox>
\t\t<polygon>
\t\t\t<x1>3</x1>
\t\t\t<y1>4</y1>
\t\t\t<x2>21</x2>
\t\t\t<y2>4.5</y2>
\t\t\t<x3>12</x3>
\t\t\t<y3>25</y3>
\t\t</polygon>
\t</object>
</annotation>
"""
    row = obj("cat", (3, 4, 21, 25), line=14, flags=["not difficult", "not truncated", "occluded"], pose="Unspecified",
              polygons=[[[3.0, 4.0], [21.0, 4.5], [12.0, 25.0]]])
    name = "a_png.rf.0123456789abcdef0123456789abcdef.png"
    case("voc", "roboflow", {
        f"{part}/{name}": picture(number) for number, part in enumerate(("train", "valid", "test"))
    } | {
        f"{part}/{name.replace('.png', '.xml')}": roboflow.format(name=name) for part in ("train", "valid", "test")
    } | {"README.roboflow.txt": "\npets - v1\n"}, {
        "format": "voc", "classes": ["cat"], "ordered": False,
        "images": [there(f"{part}/{name}", row, split=part) for part in ("test", "train", "valid")], "problems": [],
    })

    case("voc", "split-folders", {
        "train/images/001.png": picture(1), "train/annotations/001.xml": voc("001.png", voc_object()),
        "val/images/001.png": picture(2), "val/annotations/001.xml": voc("001.png", two),
        "val/images/002.png": picture(3),
    }, {
        "format": "voc", "classes": ["cat", "dog"], "ordered": False,
        "images": [
            there("train/images/001.png", cat, split="train"), there("val/images/001.png", cat, dog, split="valid"),
            there("val/images/002.png", split="valid", size=(0, 0)),
        ],
        "problems": ["unlabelled-image: val/images/002.png: no annotation names this image; kept without objects"],
    })

    # The challenge's own: 1-based with the maximum included; masks of the same names; lists of one class.
    kit = "VOCdevkit/VOC2012"
    person = """\t<object>
\t\t<name>person</name><pose>Left</pose><truncated>1</truncated><occluded>0</occluded><difficult>1</difficult>
\t\t<bndbox><xmax>40</xmax><xmin>1</xmin><ymax>30</ymax><ymin>1</ymin></bndbox>
\t\t<part><name>head</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part>
\t\t<actions><jumping>1</jumping><other>0</other></actions>
\t</object>
"""
    devkit = "The VOC2012 Database"
    case("voc", "devkit", {
        f"{kit}/JPEGImages/2008_00000{number}.jpg": picture(number) for number in range(1, 6)
    } | {
        f"{kit}/SegmentationClass/2008_000001.png": labels("P", (15, (1, 0, 40, 29)), (255, (1, 1, 2, 2))),
        f"{kit}/SegmentationObject/2008_000001.png": labels("P", (1, (1, 0, 40, 29)), (255, (39, 0, 40, 29))),
        f"{kit}/Annotations/2008_000001.xml": voc("2008_000001.jpg", person, database=devkit, folder="VOC2012"),
        f"{kit}/Annotations/2008_000002.xml": voc("2008_000002.jpg", voc_object(), database=devkit, folder="VOC2012"),
        f"{kit}/Annotations/2008_000003.xml": voc("2008_000003.jpg", voc_object(), database=devkit, folder="VOC2012"),
        f"{kit}/Annotations/2008_000004.xml": voc("2008_000004.jpg", voc_object(), database=devkit, folder="VOC2012"),
        f"{kit}/ImageSets/Main/train.txt": "2008_000001\n", f"{kit}/ImageSets/Main/val.txt": "2008_000002\r\n",
        f"{kit}/ImageSets/Main/trainval.txt": "2008_000001\n2008_000002\n2008_000003\n",
        f"{kit}/ImageSets/Main/test.txt": "2008_000005\n2008_000009\n2008_000001\n",
        f"{kit}/ImageSets/Main/cat_train.txt": "2008_000001 -1\n", f"{kit}/ImageSets/Action/test.txt": "2008_000004 1\n",
    }, {
        "format": "voc", "classes": ["person", "cat"], "ordered": False,
        "remarks": ["coordinates of 4 files are read as 1-based: <database> says VOC, and none is below 1"],
        "images": [
            there(f"{kit}/JPEGImages/2008_000001.jpg", obj("person", (0, 0, 40, 30), line=6, pose="Left", flags=[
                "difficult", "truncated", "not occluded"], attributes={"jumping": "1", "other": "0"}, mask=filled((1, 0, 39, 29))), split="train"),
            there(f"{kit}/JPEGImages/2008_000002.jpg", obj("cat", (3, 4, 20, 25), line=6, **PLAIN), split="valid"),
            there(f"{kit}/JPEGImages/2008_000003.jpg", obj("cat", (3, 4, 20, 25), line=6, **PLAIN), split="train"),
            there(f"{kit}/JPEGImages/2008_000004.jpg", obj("cat", (3, 4, 20, 25), line=6, **PLAIN)),
            there(f"{kit}/JPEGImages/2008_000005.jpg", split="test", size=(0, 0)),
        ],
        "problems": [
            f'ignored-field: {kit}/ImageSets/Main/test.txt:3: image "2008_000001" is already in train, and stays there',
            f'ignored-field: {kit}/Annotations/2008_000001.xml:6: 1 <part> of object "person" left out',
            f"unlabelled-image: {kit}/JPEGImages/2008_000005.jpg: no annotation names this image; kept without objects",
            f'missing-image: {kit}/ImageSets/Main/test.txt:2: image "2008_000009" has neither an annotation nor a file',
        ],
    })

    # Oxford-IIIT Pet: a mask beside every photo, boxes for some. A photo of nothing is one; its folder says so.
    case("voc", "pets", {
        "images/a.jpg": picture(1), "images/b.jpg": picture(2), "annotations/xmls/a.xml": voc("a.jpg", two),
        "annotations/trimaps/a.png": picture(3), "annotations/trimaps/b.png": picture(4),
        "thumbs/a.jpg": picture(5), "thumbs/b.jpg": picture(6), "negatives/a.jpg": picture(7),
    }, {
        "format": "voc", "classes": ["cat", "dog"], "ordered": False,
        "remarks": ["left out: 2 images in thumbs/, called like labelled ones elsewhere (masks, previews)"],
        "images": [there("images/a.jpg", cat, dog), there("images/b.jpg", size=(0, 0)),
                   there("negatives/a.jpg", size=(0, 0))],
        "problems": [f"unlabelled-image: {path}: no annotation names this image; kept without objects"
                     for path in ("images/b.jpg", "negatives/a.jpg")],
    })

    # Names that end as the lines of a class's list do.
    case("voc", "numbered-names", {
        "JPEGImages/photo.jpg": picture(1), "JPEGImages/photo 0.jpg": picture(2), "JPEGImages/photo 1.jpg": picture(3),
        "Annotations/photo.xml": voc("photo.jpg", two), "Annotations/photo 0.xml": voc("photo 0.jpg", two),
        "Annotations/photo 1.xml": voc("photo 1.jpg", two),
        "ImageSets/Main/train.txt": "photo 0\nphoto -1\n", "ImageSets/Main/test.txt": "photo 1\n",
    }, {
        "format": "voc", "classes": ["cat", "dog"], "ordered": False,
        "images": [there("JPEGImages/photo 0.jpg", cat, dog, split="train"),
                   there("JPEGImages/photo 1.jpg", cat, dog, split="test"),
                   there("JPEGImages/photo.jpg", cat, dog, split="train")],
        "problems": [],
    })

    # A script that copied the challenge's name, and counts from 0.
    case("voc", "devkit-zero-based", {
        "JPEGImages/a.jpg": picture(1), "Annotations/a.xml": voc("a.jpg", two, database="The VOC2007 Database"),
        "ImageSets/Main/train.txt": "a\n",
    }, {
        "format": "voc", "classes": ["cat", "dog"], "ordered": False,
        "images": [there("JPEGImages/a.jpg", cat, dog, split="train")], "problems": [],
    })

    case("voc", "one-based-by-option", {"a.jpg": picture(1), "a.xml": voc("a.jpg", voc_object())}, {
        "voc_one_based": True, "format": "voc", "classes": ["cat"], "ordered": False,
        "remarks": ["coordinates are read as 1-based, as asked for"],
        "images": [there("a.jpg", obj("cat", (3, 4, 20, 25), line=6, **PLAIN))], "problems": [],
    })

    attributes = """\t<object>
\t\t<name>dog</name><occluded>0</occluded>
\t\t<bndbox><xmin>1.5</xmin><ymin>2.25</ymin><xmax>10.75</xmax><ymax>20.0</ymax></bndbox>
\t\t<attributes><attribute><name>colour</name><value>brown &amp; white</value></attribute>
\t\t<attribute><name>rotation</name><value>0.0</value></attribute></attributes>
\t</object>
"""
    case("voc", "cvat", {
        "JPEGImages/sub/a.png": picture(1), "Annotations/sub/a.xml": voc("sub/a.png", attributes),
        "ImageSets/Main/default.txt": "sub/a\n",
        "labelmap.txt": "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\ndog:0,128,0::\n",
    }, {
        "format": "voc", "classes": ["cat", "dog"], "ordered": True, "remarks": ["order of the classes: labelmap.txt"],
        "images": [there("JPEGImages/sub/a.png", obj("dog", (1.5, 2.25, 10.75, 20), line=6, flags=["not occluded"], attributes={
            "colour": "brown & white", "rotation": "0.0"}), name="sub/a.png")], "problems": [],
    })

    case("voc", "single-file", {"labels/a.xml": voc("a.png", voc_object()), "pictures/a.png": picture(1),
                                "pictures/b.png": picture(2), "labels/b.xml": "<"}, {
        "source": "labels/a.xml", "image_dirs": ["pictures"], "format": "voc", "classes": ["cat"], "ordered": False,
        "images": [there("a.png", cat)], "problems": [],
    })

    case("voc", "two-folders-of-images", {
        "labels/a.xml": voc("a.png", voc_object()), "labels/b.xml": voc("b.png", voc_object()),
        "one/a.png": picture(1), "two/b.png": picture(2), "two/sub/c.png": picture(3),
    }, {
        "source": "labels", "image_dirs": ["one", "two"], "format": "voc", "classes": ["cat"], "ordered": False,
        "images": [there("a.png", cat), there("b.png", cat), there("sub/c.png", size=(0, 0))],
        "problems": ["unlabelled-image: sub/c.png: no annotation names this image; kept without objects"],
    })


def voc_bad() -> None:
    case("voc", "bad-nothing", {"a.png": picture(1), "notes.txt": "none"}, {
        "error": "{input}: no annotations that a known format explains; images: 1, files that could be about "
                 "them: notes.txt; `recordmill formats` lists what is known",
    })
    case("voc", "bad-not-there", {"a.png": picture(1), "a.csv": "filename,class,xmin,ymin,xmax,ymax\n"}, {
        "from": "voc",
        "error": "{input}: nothing of format voc there; looked for XML files with a root element <annotation> (VOC)",
    })
    case("voc", "bad-other-xml", {"a.png": picture(1), "cvat.xml": "<annotations><version>1.1</version></annotations>"}, {
        "error": "{input}: no annotations that a known format explains; images: 1, files that could be about "
                 "them: cvat.xml; `recordmill formats` lists what is known",
    })
    case("voc", "bad-two-formats", {
        "a.png": picture(1), "a.xml": voc("a.png", voc_object()), "labels.csv": "filename,class,xmin,ymin,xmax,ymax\na.png,cat,1,2,3,4\n",
    }, {
        "error": "{input}: fits several formats: csv (labels.csv has a header with image, class and box), voc (1 XML file, "
                 "a.xml has <annotation> with <object> and a box); say which with --from csv or --from voc",
    })
    case("voc", "bad-claims", {
        "images/a.png": picture(1), "one/a.xml": voc("a.png", voc_object()), "two/a.xml": voc("a.png", voc_object("dog")),
        "three/a.xml": voc("a.png", voc_object()), "images/b.png": picture(2), "images/b.xml": voc("b.png", voc_object()),
        "old/b.xml": voc("b.png"), "old/c.xml": voc("c.png"), "x/c.png": picture(3), "y/c.png": picture(4),
    }, {
        "format": "voc", "classes": ["cat", "dog"], "ordered": False,
        "images": [
            there("images/a.png", obj("cat", (4, 5, 20, 25), line=6, **PLAIN)),
            there("images/b.png", obj("cat", (4, 5, 20, 25), line=6, **PLAIN)),
            image("old/b.xml", name="b.png"), image("old/c.xml", name="c.png"),
            image("two/a.xml", obj("dog", (4, 5, 20, 25), line=6, **PLAIN), name="a.png"),
        ],
        "problems": [
            "ambiguous-image: old/c.xml: several images fit: x/c.png, y/c.png",
            "repeated-entry: three/a.xml: images/a.png has the same annotation in one/a.xml",
            "duplicate-image: two/a.xml: images/a.png has another annotation in one/a.xml",
            "missing-image: old/b.xml: the only image that fits, images/b.png, belongs to images/b.xml",
        ],
    })


def voc_faults() -> None:
    """More than thirty different faults in one folder."""
    files: dict[str, bytes | str] = {}
    images: list[dict] = []
    problems: list[str] = []
    box = (4, 5, 20, 25)

    def fault(number, word, xml, *objects, name=None, size=(WIDTH, HEIGHT), problem=(), suffix=".jpg", file=True, data=None):
        stem = f"{number:02}-{word}"
        files[f"annotations/{stem}.xml"] = xml
        if file:
            files[f"images/{stem}{suffix}"] = data or picture(number)
        if name is not None:
            key = f"images/{stem}{suffix}" if file else f"annotations/{stem}.xml"
            images.append(image(key, *objects, name=name, size=size, file=key if file else None))
        for kind, line, message in [problem] if problem else []:
            problems.append(f"{kind}: annotations/{stem}.xml{f':{line}' if line else ''}: {message}")

    def own(number, word, suffix=".jpg"):
        return f"{number:02}-{word}{suffix}"

    cat = obj("cat", box, line=6, **PLAIN)
    good = voc_object()

    # What can be understood.
    fault(1, "good", voc(own(1, "good"), good), cat, name=own(1, "good"))
    fault(2, "extension", voc("02-extension.png", good), cat, name="02-extension.png", problem=(
        "stale-name", 0, 'filename says "02-extension.png", the image is images/02-extension.jpg'))
    fault(3, "no-extension", voc("03-no-extension", good), cat, name="03-no-extension", problem=(
        "stale-name", 0, 'filename says "03-no-extension", the image is images/03-no-extension.jpg'))
    fault(4, "renamed", voc("IMG_0001.jpg", good), cat, name="IMG_0001.jpg", problem=(
        "stale-name", 0, 'filename says "IMG_0001.jpg", the image is images/04-renamed.jpg'))
    fault(5, "windows-path", voc(r"C:\photos\05-windows-path.jpg", good), cat, name=r"C:\photos\05-windows-path.jpg")
    fault(6, "bom", "\ufeff" + voc(own(6, "bom"), good), cat, name=own(6, "bom"))
    fault(7, "bom-inside", voc(own(7, "bom-inside"), voc_object(box=("\ufeff4", " 5 ", 20, 25))), cat, name=own(7, "bom-inside"))
    fault(8, "float", voc(own(8, "float"), voc_object(box=(4.25, "5.", "2e1", 24.999))),
          obj("cat", (4.25, 5, 20, 24.999), line=6, **PLAIN), name=own(8, "float"))
    fault(9, "swapped", voc(own(9, "swapped"), voc_object(box=(20, 25, 4, 5))),
          obj("cat", (20, 25, 4, 5), line=6, **PLAIN), name=own(9, "swapped"))
    fault(10, "no-size", voc(own(10, "no-size"), good, size="\n"), cat, name=own(10, "no-size"), size=(0, 0))
    fault(11, "size-0", voc(own(11, "size-0"), good, size="\t<size><width>0</width><height>0</height></size>\n"),
          cat, name=own(11, "size-0"), size=(0, 0))
    fault(12, "outside", voc(own(12, "outside"), voc_object(box=(-3, 5, 44, 25))),
          obj("cat", (-3, 5, 44, 25), line=6, **PLAIN), name=own(12, "outside"))
    fault(13, "jpeg-named-png", voc(own(13, "jpeg-named-png", ".png"), good), cat, name=own(13, "jpeg-named-png", ".png"),
          suffix=".png", data=picture(13, "JPEG"))
    fault(14, "capitals", voc(own(14, "capitals"), good).replace("annotation", "Annotation").replace("object", "OBJECT")
          .replace("bndbox", "BndBox").replace("xmin", "XMin").replace("name", "Name"), cat, name=own(14, "capitals"))
    fault(15, "root", voc(own(15, "root"), good).replace("annotation>", "annotations>"), cat, name=own(15, "root"))
    fault(16, "order", f"""<annotation><object>
<bndbox><xmin>4</xmin><xmax>20</xmax><ymin>5</ymin><ymax>25</ymax></bndbox><name>cat</name></object>
<size><height>30</height><depth>3</depth><width>40</width></size><filename>{own(16, "order")}</filename></annotation>""",
          obj("cat", box, line=1), name=own(16, "order"))
    fault(17, "bare", f"<annotation>\n<object><name>cat</name>{bndbox(*box)}</object></annotation>",
          obj("cat", box, line=2), name="", size=(0, 0))
    fault(18, "words", voc(own(18, "words"), voc_object(more="<occluded>yes</occluded><difficult>Unspecified</difficult>"
          "<truncated>no</truncated>")), obj("cat", box, line=6, flags=["not truncated", "occluded"]), name=own(18, "words"))
    fault(19, "blanks", voc(f" {own(19, 'blanks')}\n", voc_object("\n cat ")), obj("cat", box, line=7, **PLAIN), name=own(19, "blanks"))
    fault(20, "ampersand", voc(own(20, "ampersand"), voc_object("salt & pepper")),
          obj("salt & pepper", box, line=6, **PLAIN), name=own(20, "ampersand"), problem=(
          "loose-syntax", 7, "an & that starts no reference was read as it stands"))
    fault(21, "polygon", voc(own(21, "polygon"), "\t<object><name>cat</name><polygon><x2>20</x2><y2>6</y2><x1>4</x1><y1>5</y1>"
          "<x3>9</x3><y3>25</y3></polygon></object>\n"),
          obj("cat", box, line=6, polygons=[[[4.0, 5.0], [20.0, 6.0], [9.0, 25.0]]]), name=own(21, "polygon"))
    fault(22, "utf-16", voc(own(22, "utf-16"), voc_object("Kätzchen")).encode("utf-16"),
          obj("Kätzchen", box, line=6, **PLAIN), name=own(22, "utf-16"))
    fault(23, "cp1252", voc(own(23, "cp1252"), voc_object("Kätzchen")).encode("cp1252"),
          obj("Kätzchen", box, line=6, **PLAIN), name=own(23, "cp1252"), problem=(
          "encoding", 0, "the text is not UTF-8, read as windows-1252"))
    fault(24, "latin-2", ("<?xml version='1.0' encoding='ISO-8859-2'?>" + voc(own(24, "latin-2"), voc_object("łódź"))).encode("iso-8859-2"),
          obj("łódź", box, line=6, **PLAIN), name=own(24, "latin-2"))
    fault(25, "no-object", voc(own(25, "no-object")), name=own(25, "no-object"))
    files["images/26-unlabelled.jpg"] = picture(26)
    images.append(there("images/26-unlabelled.jpg", size=(0, 0)))
    fault(27, "no-area", voc(own(27, "no-area"), voc_object(box=(4, 5, 4, 25))),
          obj("cat", (4, 5, 4, 25), line=6, **PLAIN), name=own(27, "no-area"))
    fault(28, "size-words", voc(own(28, "size-words"), good, size="\t<size><width>wide</width><height>30</height></size>\n"),
          cat, name=own(28, "size-words"), size=(0, 30), problem=(
          "ignored-field", 5, 'width "wide" is no number of pixels; taken from the image'))
    fault(29, "xml", "<?xml version='1.0'?><!DOCTYPE annotation SYSTEM 'voc.dtd'><!-- <object> -->" + voc(own(29, "xml"), voc_object(
          "<![CDATA[cat]]>", more="<?x?><difficult>&#49;</difficult><note>&lt;sleepy&gt;</note>")),
          obj("cat", box, line=6, flags=["difficult"], attributes={"note": "<sleepy>"}), name=own(29, "xml"))
    fault(30, "url", voc("https://example.org/a/30-url.jpg?width=40&amp;sig=x", good), cat,
          name="https://example.org/a/30-url.jpg?width=40&sig=x")
    fault(31, "case", voc("31-CASE.JPG", good), cat, name="31-CASE.JPG", problem=(
          "stale-name", 0, 'filename says "31-CASE.JPG", the image is images/31-case.jpg'))
    fault(32, "percent", voc("32%2Dpercent.jpg", good), cat, name="32%2Dpercent.jpg")
    fault(33, "flag", voc(own(33, "flag"), voc_object(more="<difficult>maybe</difficult>")), obj("cat", box, line=6),
          name=own(33, "flag"), problem=("ignored-field", 8, 'difficult "maybe" is neither yes nor no; left out'))
    fault(34, "double-extension", voc("34-double-extension.jpg", good), cat, name="34-double-extension.jpg")
    files["annotations/34-double-extension.jpg.xml"] = files.pop("annotations/34-double-extension.xml")

    # Where a part cannot be understood, the rest stays.
    bad_part = [
        (40, "no-name", voc_object("  "), 6, "the object has no name"),
        (41, "letters", voc_object(box=(4, 5, "2O", 25)), 9, 'xmax "2O" is no number'),
        (42, "comma", voc_object(box=("4,5", 5, 20, 25)), 9, 'xmin "4,5" is no number'),
        (43, "nan", voc_object(box=(4, "nan", 20, 25)), 9, 'ymin "nan" is no number'),
        (44, "no-ymax", voc_object().replace("<ymax>25</ymax>", ""), 9, "<bndbox> has no ymax"),
        (45, "no-box", voc_object().replace(bndbox(*box), ""), 6, 'object "cat" has neither <bndbox> nor <polygon>'),
        (46, "two-boxes", voc_object(more=bndbox(*box)), 6, 'object "cat" has 2 boxes'),
        (47, "half-point", "<object><name>cat</name><polygon><x1>1</x1><y1>2</y1><x2>3</x2></polygon></object>\n", 6,
         'point 2 of the polygon of "cat" is not one x and one y'),
        (48, "empty-corner", voc_object(box=(4, 5, "", 25)), 9, 'xmax "" is no number'),
    ]
    for number, word, bad, line, message in bad_part:
        lines = bad.count("\n")
        dog = obj("dog", (1, 2, 3, 4), line=6 + lines, **PLAIN)
        fault(number, word, voc(own(number, word), bad, voc_object("dog", (1, 2, 3, 4))), dog, name=own(number, word),
              problem=("bad-entry", line, message))

    # Where nothing can, the image is no negative either.
    unreadable = [
        (50, "empty", "", 0, "the file is empty"),
        (51, "cut", voc(own(51, "cut"), good)[:-40], 9,
         "tag not closed: `>` not found before end of input inside <ymax> of line 9"),
        (52, "other-root", "<project><object/></project>", 1, "the root element is <project>, a VOC file's is <annotation>"),
        (53, "bomb", '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n' + voc(own(53, "bomb"), voc_object("&b;")), 1,
         "the document type declares entities, which are not read"),
        (54, "entity", voc(own(54, "entity"), voc_object("caf&eacute;")), 7, "&eacute; is not one of XML's five entities"),
        (55, "crossed", voc(own(55, "crossed"), good).replace("</name>", "</object>"), 7,
         "expected `</name>`, but `</object>` was found"),
        (56, "deep", "<annotation>\n" + "<a>" * 64, 2, "elements nested deeper than 64"),
        (57, "twice", voc(own(57, "twice"), good) * 2, 12, "a second root element"),
        (58, "text", "<annotation></annotation>\n\nmore", 3, "text outside of the root element"),
        (59, "binary", b"\x00\x01\x02\xff\xfe" * 20, 1, "text outside of the root element"),
        (60, "open", voc(own(60, "open"), good).replace("</annotation>", ""), 10, "the file ends inside <annotation> of line 1"),
        (61, "several", f"<annotations>{'<annotation></annotation>' * 2}\n</annotations>", 1,
         "the file holds several <annotation>, a VOC file describes one image"),
    ]
    for number, word, xml, line, message in unreadable:
        fault(number, word, xml, problem=("unreadable-annotation", line, message))

    # Images that are not there, or are not ours.
    for number, word, filename, kind, message in [
        (70, "missing", "70-missing.jpg", "missing-image", 'no image is called "70-missing" (any image extension) or "70-missing.jpg"'),
        (71, "above", "../../../../etc/passwd", "outside-root", 'image "../../../../etc/passwd" lies outside the dataset\'s folders'),
        (72, "absolute", "/etc/passwd", "missing-image", 'no image is called "72-absolute" (any image extension) or "/etc/passwd"'),
        (73, "backslash", r"..\..\..\windows\win.ini", "outside-root",
         'image "..\\\\..\\\\..\\\\windows\\\\win.ini" lies outside the dataset\'s folders'),
        (74, "encoded", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "outside-root",
         'image "%2e%2e/%2e%2e/%2e%2e/etc/passwd" lies outside the dataset\'s folders'),
        (75, "unnamed", "", "missing-image", 'no image is called "75-unnamed" (any image extension)'),
    ]:
        fault(number, word, voc(filename, good), cat, name=filename, file=False, problem=(kind, 0, message))
    fault(76, "above-with-own", voc("../../secret/x.jpg", good), problem=(
        "outside-root", 0, 'image "../../secret/x.jpg" lies outside the dataset\'s folders'))
    images.append(image("annotations/76-above-with-own.xml", cat, name="../../secret/x.jpg"))
    fault(77, "ambiguous", voc("77-ambiguous", good), cat, file=False, name="77-ambiguous", problem=(
        "ambiguous-image", 0, "several images fit: images/77-ambiguous.jpg, images/77-ambiguous.png"))
    files["images/77-ambiguous.jpg"] = files["images/77-ambiguous.png"] = picture(77)
    problems.append("unlabelled-image: images/26-unlabelled.jpg: no annotation names this image; kept without objects")

    images.sort(key=lambda row: row["key"])
    case("voc", "faults", files, {
        "format": "voc", "classes": None, "images": images, "problems": problems, "any_order": True,
    })
    kinds = len(files) - sum(path.startswith("images/") for path in files)
    assert kinds > 30, kinds


def make() -> None:
    voc_good()
    voc_bad()
    voc_faults()

    # Masks of the objects: by their numbers, whatever the order of the boxes; as colours; one that fits nothing; an object with an outline keeps that.
    a, b = (4, 6, 20, 24), (25, 0, 40, 10)
    boxes = voc_object("cat", a) + voc_object("cat", b)
    lines = voc("a.jpg", boxes)
    two = [obj("cat", box, line=line_of(lines, "<object>", nth), **PLAIN) for nth, box in ((1, a), (2, b))]
    for name, mode, numbers in (("masks", "P", (1, 2)), ("masks-other-order", "P", (2, 1)), ("masks-of-colours", "RGB", ((128, 0, 0), (0, 128, 0)))):
        case("voc", name, {
            "Annotations/a.xml": lines, "JPEGImages/a.jpg": picture(1), "SegmentationObject/a.png": labels(mode, (numbers[0], a), (numbers[1], b)),
            "SegmentationClass/a.png": labels(mode, (numbers[0], a), (numbers[0], b)),
        }, {
            "format": "voc", "problems": [], "images": [there("JPEGImages/a.jpg", {**two[0], "mask": filled(a)}, {**two[1], "mask": filled(b)})]})
    other = (30, 15, 38, 25)
    lines_of_three = voc("a.jpg", boxes + voc_object("dog", other))
    three = [*two, obj("dog", other, line=line_of(lines_of_three, "<object>", 3), **PLAIN)]
    case("voc", "masks-of-classes", {
        "Annotations/a.xml": lines_of_three, "JPEGImages/a.jpg": picture(1), "SegmentationClass/a.png": labels("P", (8, a), (8, b), (12, other)),
    }, {
        "format": "voc", "problems": [], "images": [there("JPEGImages/a.jpg", *two, {**three[2], "mask": filled(other)})]})
    case("voc", "masks-left-over", {
        "Annotations/a.xml": lines, "JPEGImages/a.jpg": picture(1), "SegmentationObject/a.png": labels("P", (1, a), (3, (0, 25, 10, 30))),
    }, {
        "format": "voc", "problems": ["ignored-field: SegmentationObject/a.png: mask 3 fits the box of no object; left out"],
        "images": [there("JPEGImages/a.jpg", {**two[0], "mask": filled(a)}, two[1])]})
    case("voc", "bad-masks", {"Annotations/a.xml": lines, "JPEGImages/a.jpg": picture(1), "SegmentationObject/a.png": "no picture"}, {
        "format": "voc", "problems": ["bad-mask: SegmentationObject/a.png: its masks are left out: no PNG: Invalid PNG signature"], "images": [there("JPEGImages/a.jpg", *two)]})

    # make-sense's: no pose of its own, tabs, a path that begins with the project.
    one = (
        "\t<object>\n\t\t<name>cat</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n\t\t<difficult>0</difficult>\n"
        "\t\t<bndbox>\n\t\t\t<xmin>4</xmin>\n\t\t\t<ymin>5</ymin>\n\t\t\t<xmax>20</xmax>\n\t\t\t<ymax>25</ymax>\n\t\t</bndbox>\n\t</object>\n"
    )
    text = (
        "<annotation>\n\t<folder>my-project-name</folder>\n\t<filename>a.jpg</filename>\n\t<path>/my-project-name/a.jpg</path>\n"
        f"\t<source>\n\t\t<database>Unspecified</database>\n\t</source>\n\t<size>\n\t\t<width>40</width>\n\t\t<height>30</height>\n\t\t<depth>3</depth>\n\t</size>\n{one}</annotation>"
    )
    case("voc", "make-sense", {"labels_my-project-name_2024-05-01-09-30-00/a.xml": text, "images/a.jpg": picture(1, "JPEG")}, {
        "format": "voc", "problems": [], "images": [there("images/a.jpg", obj("cat", (4, 5, 20, 25), line=line_of(text, "<object>"), **PLAIN))]})
