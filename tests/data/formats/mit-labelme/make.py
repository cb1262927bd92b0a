"""Fixtures of MIT's LabelMe XML."""

from fixture import case, line_of, obj, picture, there


def points(corners) -> str:
    return "<polygon><username>me</username>" + "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in corners) + "</polygon>"


def thing(name, shape, more="<deleted>0</deleted><verified>0</verified><occluded>no</occluded>", number=0) -> str:
    return f"<object><name>{name}</name>{more}<attributes></attributes><id>{number}</id>{shape}</object>"


def document(name, *objects, end="") -> str:
    return (f"<annotation><filename>{name}</filename><folder>pets</folder><source><sourceImage>x</sourceImage></source>"
            f"<imagesize><nrows>30</nrows><ncols>40</ncols></imagesize>{end.join(('', *objects))}</annotation>")


def box(sides) -> str:
    x0, y0, x1, y1 = sides
    return "<type>bounding_box</type>" + points([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


FREE = {"line": 1, "id": 0, "flags": ["not occluded"]}
TRIANGLE = [(1, 2), (9, 2), (9, 8)]
OUTLINE = [[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]]


def make() -> None:
    # As LabelMe has it: parallel folders, an outline, a deleted object, attributes.
    text = document("a.png", thing("cat", points(TRIANGLE)), thing("dog", points(TRIANGLE), "<deleted>1</deleted>"),
                    thing("big dog", points(TRIANGLE), "<deleted>0</deleted><occluded>yes</occluded>", 2).replace("<attributes>", "<attributes>brown"), end="\n")
    case("mit-labelme", "labelme", {"Annotations/pets/a.xml": text, "Images/pets/a.png": picture(1), "Images/pets/b.png": picture(2)}, {
        "format": "mit-labelme", "problems": ["unlabelled-image: Images/pets/b.png: no annotation names this image; kept without objects"], "images": [
            there("Images/pets/a.png", obj("cat", (1, 2, 9, 8), polygons=OUTLINE, **FREE | {"line": line_of(text, "<object>")}),
                  obj("big dog", (1, 2, 9, 8), polygons=OUTLINE, line=line_of(text, "<object>", 3), id=2, flags=["occluded"], attributes={"attributes": "brown"})),
            there("Images/pets/b.png", size=(0, 0))]})
    case("mit-labelme", "boxes", {"train/a.xml": document("a.png", thing("cat", box((4, 5, 20, 25)))), "train/a.png": picture(1),
                                  "valid/b.xml": document("b.png"), "valid/b.png": picture(2)}, {
        "format": "mit-labelme", "problems": [], "images": [there("train/a.png", obj("cat", (4, 5, 20, 25), **FREE), split="train"), there("valid/b.png", split="valid")]})
    segm = "<segm><username>me</username><box><xmin>4</xmin><ymin>5</ymin><xmax>20</xmax><ymax>25</ymax></box><mask>a_mask_0.png</mask></segm>"
    case("mit-labelme", "masks", {"a.xml": document("a.png", thing("cat", segm)), "a.png": picture(1), "Masks/a_mask_0.png": picture(2)}, {
        "format": "mit-labelme", "problems": ['ignored-field: a.xml:1: the mask of "cat" left out'], "images": [there("a.png", obj("cat", (4, 5, 20, 25), **FREE))]})
    case("mit-labelme", "words", {"a.xml": document("ä b.png", thing("R&amp;D, groß", points(TRIANGLE))), "ä b.png": picture(1)}, {
        "format": "mit-labelme", "problems": [], "images": [there("ä b.png", obj("R&D, groß", (1, 2, 9, 8), polygons=OUTLINE, **FREE))]})
    case("mit-labelme", "single-file", {"a.xml": document("a.png", thing("cat", points(TRIANGLE))), "a.png": picture(1), "b.png": picture(2)}, {
        "format": "mit-labelme", "source": "a.xml", "problems": [], "images": [there("a.png", obj("cat", (1, 2, 9, 8), polygons=OUTLINE, **FREE))]})
    case("mit-labelme", "bad-objects", {"a.xml": document("a.png", thing("", points(TRIANGLE)), thing("x", points([(1, 2)])), thing("x", points([("left", 2)])), thing("x", ""), thing("cat", points(TRIANGLE))),
                                        "a.png": picture(1)}, {
        "format": "mit-labelme", "images": [there("a.png", obj("cat", (1, 2, 9, 8), polygons=OUTLINE, **FREE))], "problems": [f"bad-entry: a.xml:1: {message}" for message in (
            "the object has no name", 'the outline of "x" has 1 points', 'x "left" is no number', 'object "x" has neither <polygon> nor <segm>')]})
    case("mit-labelme", "bad-cut", {"a.xml": document("a.png", thing("cat", points(TRIANGLE)))[:-30], "a.png": picture(1)}, {
        "format": "mit-labelme", "images": [], "problems": ["unreadable-annotation: a.xml:1: tag not closed: `>` not found before end of input inside <polygon> of line 1"]})
    case("mit-labelme", "bad-missing", {"a.xml": document("gone.png", thing("cat", points(TRIANGLE)))}, {
        "format": "mit-labelme", "images": [there("a.xml", obj("cat", (1, 2, 9, 8), polygons=OUTLINE, **FREE), name="gone.png") | {"file": None}],
        "problems": ['missing-image: a.xml: no image is called "a" (any image extension) or "gone.png"']})
