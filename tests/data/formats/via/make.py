"""Fixtures of VGG Image Annotator."""

import csv
import io
import json
import math

from fixture import case, ellipse, image, line_of, obj, picture, there


def rect(x, y, width, height) -> dict:
    return {"name": "rect", "x": x, "y": y, "width": width, "height": height}


def region(shape, **attributes) -> dict:
    return {"shape_attributes": shape, "region_attributes": attributes}


def entry(name, *regions, **about) -> dict:
    return {"filename": name, "size": 1024, "regions": list(regions), "file_attributes": about}


def document(*entries, indent=None) -> str:
    return json.dumps({f"{one['filename']}{one['size']}": one for one in entries}, indent=indent)


def box(name, sides, **more) -> dict:
    return obj(name, sides, line=1, **more)


def seen(key, *objects, **more) -> dict:
    return there(key, *objects, **({"size": (0, 0)} | more))


BALLOON = {"name": "polygon", "all_points_x": [1, 9, 9.5], "all_points_y": [2, 2, 8]}


def good() -> None:
    # Version 2, every shape, in a folder of its split.
    text = document(entry(
        "a.png", region(rect(4, 5, 16, 20), label="cat"), region(BALLOON, label="dog"), region({**BALLOON, "name": "polyline"}, label="dog"),
        region({"name": "circle", "cx": 20, "cy": 15, "r": 5}, label="cat"),
        region({"name": "ellipse", "cx": 20, "cy": 15, "rx": 10, "ry": 5, "theta": math.pi / 2}, label="cat"),
        region({"name": "point", "cx": 7, "cy": 8}, label="dog")), entry("b.png"), indent=1)
    at = [line_of(text, '"shape_attributes"', number) - 1 for number in range(1, 7)]
    case("via", "regions", {"train/via_region_data.json": text, "train/a.png": picture(1), "train/b.png": picture(2), "train/c.png": picture(3)}, {
        "format": "via", "classes": ["cat", "dog"], "ordered": False, "problems": [], "remarks": ["lines, whose corners are taken as keypoints: 1", "images that no annotation names, left out: 1"],
        "images": [
            seen("train/a.png", obj("cat", (4, 5, 20, 25), line=at[0]), obj("dog", (1, 2, 9.5, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.5, 8.0]]], line=at[1]),
                 obj("dog", (1, 2, 9.5, 8), keypoints=[[1.0, 2.0, 2], [9.0, 2.0, 2], [9.5, 8.0, 2]], line=at[2]),
                 obj("cat", (15, 10, 25, 20), polygons=[ellipse((20, 15), (5, 5))], line=at[3]),
                 obj("cat", (15, 5, 25, 25), polygons=[ellipse((20, 15), (10, 5), 90)], line=at[4]),
                 obj("dog", (7, 8, 7, 8), keypoints=[[7.0, 8.0, 2]], line=at[5]), split="train"),
            seen("train/b.png", split="train"),
        ],
    })

    # Keypoints: points with names of their own in the group of an object; a group of two objects; points alone.
    text = document(entry(
        "a.png", region(rect(1, 2, 20, 20), **{"class": "person", "group_id": "1", "occluded": "true"}), region({"name": "point", "cx": 5, "cy": 6}, **{"class": "nose", "group_id": "1"}),
        region({"name": "point", "cx": 9, "cy": 8}, **{"class": "tail", "group_id": "1", "occluded": "true"}),
        region(rect(3, 2, 18, 20), **{"class": "person", "group_id": "2"}), region({"name": "point", "cx": 7, "cy": 8}, **{"class": "tail", "group_id": "2"}),
        region(rect(1, 2, 2, 2), **{"class": "cat", "group_id": "4"}), region(rect(4, 2, 2, 2), **{"class": "cat", "group_id": "4"}),
        region({"name": "point", "cx": 5, "cy": 6}, **{"class": "corner", "group_id": "5"}), region({"name": "point", "cx": 9, "cy": 6}, **{"class": "corner", "group_id": "5"}),
        region({"name": "point", "cx": 2, "cy": 3}, **{"class": "nose"})))
    case("via", "pose", {"via_region_data.json": text, "a.png": picture(1)}, {
        "format": "via", "classes": ["person", "cat", "corner", "nose"], "ordered": False, "problems": [], "remarks": ['the class is the region attribute "class"; --class-attribute takes another: occluded'],
        "skeletons": [["person", "", ["nose", "tail"], []]], "images": [seen(
            "a.png", box("person", (1, 2, 21, 22), keypoints=[[5.0, 6.0, 2], [9.0, 8.0, 1]], attributes={"occluded": "true"}),
            box("person", (3, 2, 21, 22), keypoints=[[0.0, 0.0, 0], [7.0, 8.0, 2]]),
            box("cat", (1, 2, 3, 4), attributes={"group_id": "4"}), box("cat", (4, 2, 6, 4), attributes={"group_id": "4"}),
            box("corner", (5, 6, 9, 6), keypoints=[[5.0, 6.0, 2], [9.0, 6.0, 2]]), box("nose", (2, 3, 2, 3), keypoints=[[2.0, 3.0, 2]]))]})

    # What is said of files: classes, in a checkbox or a word, and sentences.
    case("via", "files", {"via.json": document(entry("a.png", caption="A cat", caption_2="It sleeps", labels={"cat": True, "dog": False}, place="garden"),
                                               entry("b.png", region(rect(1, 2, 3, 4), label="cat"), Class="dog")), "a.png": picture(1), "b.png": picture(2)}, {
        "format": "via", "problems": [], "images": [
            seen("a.png", captions=["A cat", "It sleeps"], labels=["cat"]), seen("b.png", box("cat", (1, 2, 4, 6)), labels=["dog"])],
    })

    case("via", "class-attribute", {"via.json": document(entry("a.png", region(rect(1, 2, 3, 4), type="pet", kind="cat"))), "a.png": picture(1)}, {
        "format": "via", "class_attribute": "kind", "problems": [], "images": [seen("a.png", box("cat", (1, 2, 4, 6), attributes={"type": "pet"}))],
    })

    # Version 1, as the balloons of Mask R-CNN: regions are a dictionary.
    old = {"fileref": "", "size": 1024, "filename": "a.png", "base64_img_data": "", "file_attributes": {},
           "regions": {"0": region(BALLOON, name="balloon"), "1": region(rect(1, 2, 3, 4), name="balloon")}}
    case("via", "version-1", {"val/via_region_data.json": json.dumps({"a.png1024": old}), "val/a.png": picture(1)}, {
        "format": "via", "problems": [],
        "images": [seen("val/a.png", box("balloon", (1, 2, 9.5, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.5, 8.0]]]), box("balloon", (1, 2, 4, 6)), split="valid")],
    })

    # A project: several attributes, a checkbox with two marks, a caption.
    entries = entry("a.png", region(rect(4, 5, 16, 20), colour="brown", type={"cat": True, "pet": True, "dog": False}),
                    region(rect(0, 0, 1, 1), colour="", type={"dog": True}), caption="Two pets", public_domain="no", image_url="https://example.com/a.png")
    project = json.dumps({"_via_settings": {"ui": {}}, "_via_img_metadata": {"a.png1024": entries},
                          "_via_attributes": {"region": {"type": {"type": "checkbox"}}, "file": {}}, "_via_data_format_version": "2.0.10"})
    case("via", "project", {"project.json": project, "images/a.png": picture(1)}, {
        "format": "via", "classes": ["cat", "pet", "dog"], "ordered": False, "problems": [], "remarks": ['the class is the region attribute "type"; --class-attribute takes another: colour'],
        "images": [seen("images/a.png", box("cat", (4, 5, 20, 25), attributes={"colour": "brown"}), box("pet", (4, 5, 20, 25), attributes={"colour": "brown"}),
                        box("dog", (0, 0, 1, 1)), captions=["Two pets"], url="https://example.com/a.png")],
    })

    # CSV, with the header of old files.
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["#filename", "file_size", "file_attributes", "region_count", "region_id", "region_shape_attributes", "region_attributes"])
    writer.writerow(["a.png", 1024, "{}", 2, 0, json.dumps(rect(4, 5, 16, 20)), '{"fruit":"apple"}'])
    writer.writerow(["a.png", 1024, "{}", 2, 1, json.dumps(BALLOON), '{"fruit":"pear"}'])
    writer.writerow(["b.png", 1024, '{"caption":"none"}', 0, 0, "{}", "{}"])
    case("via", "csv", {"via_export_csv.csv": out.getvalue(), "a.png": picture(1), "b.png": picture(2)}, {
        "format": "via", "problems": [],
        "images": [seen("a.png", obj("apple", (4, 5, 20, 25), line=2), obj("pear", (1, 2, 9.5, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.5, 8.0]]], line=3)),
                   seen("b.png", captions=["none"])],
    })

    # Version 3: a radio button, a checkbox, what is said of the file.
    three = json.dumps({
        "project": {"pid": "__VIA_PROJECT_ID__", "data_format_version": "3.1.1"}, "config": {"file": {}, "ui": {}},
        "attribute": {"1": {"aname": "class", "anchor_id": "FILE1_Z0_XY1", "type": 3, "options": {"0": "cat", "1": "dog"}},
                      "2": {"aname": "state", "anchor_id": "FILE1_Z0_XY1", "type": 2, "options": {"0": "wet", "1": "old"}},
                      "3": {"aname": "scene", "anchor_id": "FILE1_Z0_XY0", "type": 1, "options": {}}},
        "file": {"1": {"fid": "1", "fname": "a.png", "type": 2, "loc": 1, "src": "a.png"}, "2": {"fid": "2", "fname": "b.png", "type": 2, "loc": 1, "src": ""}},
        "metadata": {"1_a": {"vid": "1", "flg": 0, "z": [], "xy": [2, 4, 5, 16, 20], "av": {"1": "1", "2": "0,1"}},
                     "1_b": {"vid": "1", "flg": 0, "z": [], "xy": [7, 1, 2, 9, 2, 9, 8], "av": {"1": "0"}},
                     "1_c": {"vid": "1", "flg": 0, "z": [], "xy": [], "av": {"3": "street"}}},
        "view": {"1": {"fid_list": ["1"]}, "2": {"fid_list": ["2"]}}})
    case("via", "version-3", {"via_project.json": three, "a.png": picture(1), "b.png": picture(2)}, {
        "format": "via", "problems": [], "remarks": ['the class is the region attribute "class"'],
        "images": [seen("a.png", box("dog", (4, 5, 20, 25), attributes={"state": "old"}), box("cat", (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]]),
                        labels=["street"]), seen("b.png")],
    })


def bad() -> None:
    text = document(entry(
        "a.png", region(rect("x", 5, 16, 20), label="cat"), region({"name": "rect", "x": 1}, label="cat"), region({**BALLOON, "all_points_x": [1]}, label="cat"),
        region({"name": "polygon", "all_points_x": [1, 2], "all_points_y": [3, 4]}, label="cat"), region({"name": "blob"}, label="cat"),
        {"region_attributes": {"label": "cat"}}, region(rect(1, 2, 3, 4)), region(rect(1, 2, 3, 4), label="good")), entry("gone.png"), entry(""), indent=1)
    at = [line_of(text, '"region_attributes"', number) for number in range(1, 9)]
    starts = [line_of(text, '"shape_attributes"', number) - 1 for number in range(1, 8)]
    case("via", "bad-regions", {"via.json": text, "a.png": picture(1)}, {
        "format": "via",
        "problems": [
            f'bad-entry: via.json:{line_of(text, chr(34) + "x" + chr(34))}: x "x" is no number',
            f'bad-entry: via.json:{starts[1] + 1}: "y" is missing',
            f"bad-entry: via.json:{starts[2]}: 1 x and 3 y of points",
            f'bad-entry: via.json:{starts[3]}: the outline of "" has 2 points',
            f'bad-entry: via.json:{starts[4]}: shape "blob" is not known',
            f"bad-entry: via.json:{at[5] - 1}: the region has no shape",
            f"bad-entry: via.json:{line_of(text, chr(34) + '1024')}: the entry has no filename",
            f"bad-entry: via.json:{starts[5]}: the region has no attribute that could be its class",
            f'missing-image: via.json:{line_of(text, "gone.png")}: no image is called "gone.png"',
        ],
        "images": [seen("a.png", obj("good", (1, 2, 4, 6), line=starts[6])), image("gone.png", size=(0, 0), file=None)],
    })
    case("via", "no-attributes", {"via.json": document(entry("a.png", region(rect(1, 2, 3, 4)))), "a.png": picture(1)}, {
        "format": "via", "problems": [], "remarks": ['no region has an attribute that could be its class: all are of class "object"'],
        "images": [seen("a.png", obj("object", (1, 2, 4, 6), line=1))]})
    case("via", "bad-cut", {"via.json": document(entry("a.png", region(rect(1, 2, 3, 4), label="cat")))[:-9], "a.png": picture(1)}, {
        "format": "via", "problems": ["unreadable-annotation: via.json:1: the file ends inside of \"a.png1024\""], "images": [],
    })
    case("via", "bad-csv", {"via.csv": "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n"
                            'a.png,1,"{}",1,0,"{""name"":","{}"\n,1,"{}",0,0,"{}","{}"\n', "a.png": picture(1)}, {
        "format": "via", "problems": ["bad-entry: via.csv:2: the text ends inside a value", "bad-entry: via.csv:3: the row has no filename"], "images": [],
    })


def make() -> None:
    good()
    bad()
