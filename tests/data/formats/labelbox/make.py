"""Fixtures of Labelbox."""

import csv
import io
import json

from fixture import case, filled, image, labels, line_of, mask, obj, picture, there

SIDES = {"top": 5, "left": 4, "height": 20, "width": 16}
POINTS = [{"x": 1, "y": 2}, {"x": 9, "y": 2}, {"x": 9.5, "y": 8}]
OUTLINE = [[[1.0, 2.0], [9.0, 2.0], [9.5, 8.0]]]
URL = "https://storage.labelbox.com/x%2F1234-abcd"


def row(name, label, url=URL, **more) -> dict:
    return {"ID": "l1", "DataRow ID": "d1", "Labeled Data": url, "Label": label, "Created By": "me@example.com", "Project Name": "pets",
            "External ID": name, "Dataset Name": "pets", "Skipped": False, "Reviews": [], **more}


def thing(title, **shape) -> dict:
    return {"featureId": "f", "schemaId": "s", "title": title, "value": title.lower(), "color": "#FF0000", **shape}


def line(name, *labels, **more) -> str:
    annotations = [{"label_kind": "Default", "annotations": label} for label in labels]
    about = {"id": "d1", "global_key": f"key/{name}", "external_id": name, "row_data": URL, **more}
    return json.dumps({"data_row": about, "media_attributes": {"height": 30, "width": 40, "mime_type": "image/png"},
                       "projects": {"p1": {"name": "pets", "labels": annotations}}})


def named(name, **shape) -> dict:
    return {"feature_id": "f", "feature_schema_id": "s", "name": name, "value": name.lower(), "annotation_kind": "X", **shape}


def good() -> None:
    # Version 2: all kinds of shapes and answers; an image without objects; one without a label.
    radio = named("state", radio_answer=named("asleep"))
    first = line("a.png", {
        "objects": [named("Cat", bounding_box=SIDES, classifications=[radio, named("seen", checklist_answers=[named("head"), named("tail")])]),
                    named("Dog", polygon=POINTS), named("Path", line=POINTS), named("Nose", point={"x": 7, "y": 8}), named("Sky", mask={"url": URL})],
        "classifications": [named("weather", radio_answer=named("Sunny")), named("note", text_answer={"content": "Two pets"})], "relationships": []})
    case("labelbox", "ndjson", {"export.ndjson": "\n".join([first, line("b.png", {"objects": [], "classifications": []}), line("c.png")]) + "\n",
                                "a.png": picture(1), "b.png": picture(2), "c.png": picture(3)}, {
        "format": "labelbox", "classes": ["Sunny", "Cat", "Dog", "Path", "Nose"], "ordered": False, "remarks": ["lines, whose corners are taken as keypoints: 1", "images that no annotation names, left out: 1"],
        "problems": ['ignored-field: export.ndjson:1: the mask of "Sky", which is only an address, left out'],
        "images": [
            there("a.png", obj("Cat", (4, 5, 20, 25), line=1, attributes={"state": "asleep", "seen": "tail"}), obj("Dog", (1, 2, 9.5, 8), polygons=OUTLINE, line=1),
                  obj("Path", (1, 2, 9.5, 8), keypoints=[[1.0, 2.0, 2], [9.0, 2.0, 2], [9.5, 8.0, 2]], line=1), obj("Nose", (7, 8, 7, 8), keypoints=[[7.0, 8.0, 2]], line=1),
                  labels=["Sunny"], captions=["Two pets"], url=URL),
            there("b.png", url=URL),
        ],
    })
    # Keypoints: related to their object, whichever way; a relationship of other objects ties nothing, and one to nowhere neither.
    def relation(source, target, kind="unidirectional") -> dict:
        return {"feature_id": f"{source}-{target}", "name": "has", "annotation_kind": "Relationship", f"{kind}_relationship": {"source": source, "target": target}}

    hidden = [{"name": "occluded", "value": "occluded", "radio_answer": named("true")}]
    things = [named("Cat", bounding_box=SIDES) | {"feature_id": "1"}, named("nose", point={"x": 7, "y": 8}) | {"feature_id": "2"},
              named("tail", point={"x": 9, "y": 20}, classifications=hidden) | {"feature_id": "3"},
              named("Cat", polygon=POINTS) | {"feature_id": "4"}, named("tail", point={"x": 2, "y": 3}) | {"feature_id": "5"}, named("nose", point={"x": 1, "y": 1}) | {"feature_id": "6"}]
    pose = line("a.png", {"objects": things, "classifications": [], "relationships": [
        relation("1", "2"), relation("3", "1"), relation("4", "5", "bidirectional"), relation("1", "4"), relation("gone", "4"), {"name": "has"}]})
    case("labelbox", "pose", {"export.ndjson": pose + "\n", "a.png": picture(1)}, {
        "format": "labelbox", "classes": ["Cat", "nose"], "ordered": False, "problems": [], "skeletons": [["Cat", "", ["nose", "tail"], []]], "images": [there(
            "a.png", obj("Cat", (4, 5, 20, 25), line=1, keypoints=[[7.0, 8.0, 2], [9.0, 20.0, 1]]),
            obj("Cat", (1, 2, 9.5, 8), line=1, polygons=OUTLINE, keypoints=[[0.0, 0.0, 0], [2.0, 3.0, 2]]), obj("nose", (1, 1, 1, 1), line=1, keypoints=[[1.0, 1.0, 2]]), url=URL)]})
    # Masks whose pictures were fetched: by the object's id, by a part of the address, a colour of a composite; one that is empty, one that is none.
    red, blue = (1, 2, 5, 6), (10, 10, 12, 20)
    address = "https://api.labelbox.com/api/v1/projects/p/annotations/{}/index/1/mask"
    things = [named("Sky", mask={"url": address.format("cl-sky-0001")}, classifications=[named("state", radio_answer=named("wet"))]) | {"feature_id": "f1"},
              named("Cat", mask={"url": address.format("cl-cat-0001") + "?token=1"}) | {"feature_id": "f2"},
              named("Dog", composite_mask={"url": "https://api.labelbox.com/api/v1/tasks/t/masks/cl-both-01/index/1", "color_rgb": [0, 0, 255]}) | {"feature_id": "f3"},
              named("None", mask={"url": address.format("cl-none-01")}) | {"feature_id": "f4"}, named("Bad", mask={"url": address.format("cl-bad-001")}) | {"feature_id": "f5"}]
    masked = line("a.png", {"objects": things, "classifications": []})
    old = json.dumps([row("b.png", {"objects": [thing("Cat", instanceURI="https://api.labelbox.com/masks/feature/cl-cat-0002?token=x")]})])
    pictures = {"masks/f1.png": labels("L", (255, red)), "masks/cl-cat-0001.png": labels("RGB", ((255, 255, 255), blue), ((9, 9, 9), (20, 20, 21, 21))),
                "masks/cl-both-01.png": labels("RGB", ((255, 0, 0), red), ((0, 0, 255), blue)), "masks/cl-none-01.png": labels("L"), "masks/cl-bad-001.png": b"none",
                "masks/cl-cat-0002.png": labels("L", (255, red))}
    spotted = mask([("##" + "." * 9) if number < 10 else "." * 10 + "#" if number == 10 else "." * 11 for number in range(11)], 10, 10)
    case("labelbox", "masks", {"export.ndjson": masked + "\n", "old.json": old, "a.png": picture(1), "b.png": picture(2), **pictures}, {
        "format": "labelbox", "problems": ['bad-entry: export.ndjson:1: the mask of "None" is empty', "bad-entry: export.ndjson:1: masks/cl-bad-001.png: no PNG: Invalid PNG signature"],
        "classes": ["Sky", "Cat", "Dog"], "ordered": False, "images": [
            there("a.png", obj("Sky", red, mask=filled(red), line=1, attributes={"state": "wet"}), obj("Cat", (10, 10, 21, 21), mask=spotted, line=1), obj("Dog", blue, mask=filled(blue), line=1), url=URL),
            there("b.png", obj("Cat", red, mask=filled(red), line=1), url=URL, size=(0, 0))]})
    # The split that Labelbox reserves a field for.
    split = json.loads(line("a.png", {"objects": [], "classifications": []}))
    split["metadata_fields"] = [{"schema_name": "tag", "value": "test"}, {"schema_name": "split", "schema_kind": "CustomMetadataEnum",
                                                                         "value": [{"schema_name": "valid", "schema_kind": "CustomMetadataEnumOption"}]}]
    case("labelbox", "split", {"export.ndjson": json.dumps(split) + "\n", "a.png": picture(1)}, {
        "format": "labelbox", "problems": [], "images": [there("a.png", split="valid", url=URL)]})
    # Version 2 in parts of an array, the name only at the end of the address; two labels of one row.
    element = json.loads(line("", {"objects": [named("Cat", bounding_box=SIDES)], "classifications": []}, {"objects": []}, global_key="", row_data="gs://bucket/photos/a.png"))
    case("labelbox", "v2-array", {"export.json": json.dumps([element]), "photos/a.png": picture(1)}, {
        "format": "labelbox", "problems": ["ignored-field: export.json:1: 1 more labels of the row left out"],
        "images": [there("photos/a.png", obj("Cat", (4, 5, 20, 25), line=1), url="gs://bucket/photos/a.png", name="gs://bucket/photos/a.png")],
    })
    # Version 1, indented: a skipped row, one with an empty label.
    text = json.dumps([
        row("a.png", {"objects": [thing("Cat", bbox=SIDES, classifications=[{"title": "Is old", "value": "is_old", "answer": {"title": "Yes", "value": "yes"}}]),
                                  thing("Dog", polygon=POINTS)],
                      "classifications": [{"title": "Scene", "value": "scene", "answers": [{"title": "indoor"}, {"title": "day"}]}]}),
        row("b.png", {}), row("c.png", {}, Skipped=True), row("d.png", "Skip")], indent=2)
    case("labelbox", "v1", {"export-2021.json": text, "images/a.png": picture(1), "images/b.png": picture(2)}, {
        "format": "labelbox", "problems": [],
        "images": [
            there("images/a.png", obj("Cat", (4, 5, 20, 25), line=line_of(text, '"Cat"') - 3, attributes={"Is old": "Yes"}),
                  obj("Dog", (1, 2, 9.5, 8), polygons=OUTLINE, line=line_of(text, '"Dog"') - 3), labels=["indoor", "day"], url=URL, size=(0, 0)),
            there("images/b.png", url=URL, size=(0, 0)),
        ],
    })
    # Version 1 as CSV.
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["ID", "DataRow ID", "Labeled Data", "Label", "External ID", "Skipped"])
    writer.writerow(["l1", "d1", URL, json.dumps({"objects": [thing("Cat", bbox=SIDES)], "classifications": []}), "a.png", "false"])
    writer.writerow(["l2", "d2", URL, "Skip", "b.png", "true"])
    case("labelbox", "v1-csv", {"export.csv": out.getvalue(), "a.png": picture(1)}, {
        "format": "labelbox", "problems": [], "images": [there("a.png", obj("Cat", (4, 5, 20, 25), line=2), url=URL, size=(0, 0))],
    })
    # 2018: outlines by class.
    case("labelbox", "2018", {"export.json": json.dumps([row("a.png", {"Car": [{"geometry": POINTS}], "Tree": [POINTS]})]), "a.png": picture(1)}, {
        "format": "labelbox", "problems": [],
        "images": [there("a.png", obj("Car", (1, 2, 9.5, 8), polygons=OUTLINE, line=1), obj("Tree", (1, 2, 9.5, 8), polygons=OUTLINE, line=1), url=URL, size=(0, 0))],
    })


def bad() -> None:
    lines = [line("a.png", {"objects": [named("Cat", bounding_box={"top": 1}), {"point": {"x": 1, "y": 2}}, named("Dog"), named("Elk", polygon=POINTS[:2]),
                                        named("good", bounding_box=SIDES)]}),
             "{nonsense", line("", {"objects": []}, global_key="", row_data=""), line("gone.png", {"objects": [named("Cat", bounding_box=SIDES)]})]
    case("labelbox", "bad-lines", {"export.ndjson": "\n".join(lines), "a.png": picture(1)}, {
        "format": "labelbox", "lost_objects": 6,
        "problems": [
            'bad-entry: export.ndjson:1: "left" is missing', "bad-entry: export.ndjson:1: the object has no name",
            'bad-entry: export.ndjson:1: object "Dog" has no shape', 'bad-entry: export.ndjson:1: the outline of "Elk" has 2 points',
            "bad-entry: export.ndjson:2: expected a member's name", "bad-entry: export.ndjson:3: the row has no image",
            'missing-image: export.ndjson:4: no image is called "gone.png"',
        ],
        "images": [there("a.png", obj("good", (4, 5, 20, 25), line=1), url=URL),
                   image("gone.png", obj("Cat", (4, 5, 20, 25), line=4), url=URL, file=None)],
    })
    case("labelbox", "bad-twice", {"export.json": json.dumps([row("a.png", {"objects": [thing("Cat", bbox=SIDES)]}), row("a.png", {"objects": []})]), "a.png": picture(1)}, {
        "format": "labelbox", "problems": ["duplicate-image: export.json:1: a.png has another annotation in export.json:1"],
        "images": [there("a.png", obj("Cat", (4, 5, 20, 25), line=1), url=URL, size=(0, 0))],
    })
    case("labelbox", "bad-csv", {"export.csv": 'ID,Labeled Data,Label,External ID\nl1,u,"{""objects"": ",a.png\n', "a.png": picture(1)}, {
        "format": "labelbox", "problems": ["bad-entry: export.csv:2: the text ends inside a value"], "images": [],
    })


def make() -> None:
    good()
    bad()
