"""Fixtures of VoTT JSON."""

import json

from fixture import case, image, line_of, obj, picture, there

TAGS = [{"name": "cat", "color": "#5db300"}, {"name": "dog", "color": "#e81123"}]


def about(number, name, state=2, path=None, **more) -> dict:
    return {"format": name.rsplit(".", 1)[-1], "id": number, "name": name, "path": path or f"file:C:/Users/me/my%20photos/{name}",
            "size": {"width": 40, "height": 30}, "state": state, "type": 1, **more}


def region(tags, left, top, width, height, kind="RECTANGLE", points=None) -> dict:
    corners = points or [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    return {"id": "r", "type": kind, "tags": tags, "boundingBox": {"height": height, "width": width, "left": left, "top": top},
            "points": [{"x": x, "y": y} for x, y in corners]}


def asset(number, name, *regions, **more) -> dict:
    return {"asset": about(number, name, **more), "regions": list(regions), "version": "2.2.0"}


def export(*assets, indent=None) -> str:
    return json.dumps({"name": "pets", "securityToken": "x", "tags": TAGS, "id": "p", "version": "2.2.0", "lastVisitedAssetId": "a",
                       "assets": {one["asset"]["id"]: one for one in assets}}, indent=indent)


def box(name, sides, **more) -> dict:
    return obj(name, sides, line=1, **more)


def good() -> None:
    # The export, indented: two tags, an outline, an image without objects, one that was not looked at.
    text = export(
        asset("a1", "a b.png", region(["dog", "cat"], 1.5, 2.25, 10, 20), region(["dog"], 1, 2, 8, 6, "POLYGON", [(1, 2), (9, 2), (9, 8)])),
        asset("b1", "b.png", state=1), asset("c1", "c.png", state=0), indent=4)
    first, second = line_of(text, '"id": "r"') - 1, line_of(text, '"id": "r"', 2) - 1
    case("vott", "export", {"vott-json-export/pets-export.json": text, "vott-json-export/a b.png": picture(1), "vott-json-export/b.png": picture(2),
                            "vott-json-export/c.png": picture(3)}, {
        "format": "vott", "classes": ["cat", "dog"], "ordered": True, "problems": [], "remarks": ["images that no annotation names, left out: 1"],
        "images": [
            there("vott-json-export/a b.png", obj("dog", (1.5, 2.25, 11.5, 22.25), line=first), obj("cat", (1.5, 2.25, 11.5, 22.25), line=first),
                  obj("dog", (1, 2, 9, 8), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]]], line=second)),
            there("vott-json-export/b.png"),
        ],
    })
    # A project with the files of its assets.
    project = json.dumps({"name": "pets", "tags": TAGS, "assets": {"a1": about("a1", "a.png"), "b1": about("b1", "b.png", 0)}, "version": "2.2.0"})
    case("vott", "project", {"pets.vott": project, "a1-asset.json": json.dumps(asset("a1", "a.png", region(["dog"], 1, 2, 3, 4))),
                             "b1-asset.json": json.dumps(asset("b1", "b.png", state=0)), "a.png": picture(1)}, {
        "format": "vott", "classes": ["cat", "dog"], "ordered": True, "problems": [], "images": [there("a.png", box("dog", (1, 2, 4, 6)))],
    })
    # Frames of a video, and an image that is an address.
    case("vott", "frames", {"pets-export.json": export(
        asset("a1", "v.mp4#t=1.2.png", region(["cat"], 1, 2, 3, 4), path="file:/home/me/v.mp4#t=1.2", parent={"name": "v.mp4"}, timestamp=1.2),
        asset("b1", "b.png", region(["cat"], 1, 2, 3, 4), path="https://example.com/b.png?x=1")),
        "frames/v.mp4#t=1.2.png": picture(1), "b.png": picture(2)}, {
        "format": "vott", "problems": [],
        "images": [there("b.png", box("cat", (1, 2, 4, 6)), url="https://example.com/b.png?x=1"), there("frames/v.mp4#t=1.2.png", box("cat", (1, 2, 4, 6)))],
    })
    # VoTT 1: parts of the size that was shown.
    old = {"x1": 80, "y1": 60, "x2": 400, "y2": 300, "width": 800, "height": 600, "box": {"x1": 80}, "UID": "u", "id": 0, "type": "Rectangle", "tags": ["dog"], "name": 1}
    case("vott", "version-1", {"photos.json": json.dumps({"frames": {"a.png": [old], "b.png": []}, "framerate": "1", "inputTags": "cat,dog", "suggestiontype": "track",
                                                         "scd": False, "visitedFrames": ["a.png", "b.png"]}), "photos/a.png": picture(1), "photos/b.png": picture(2)}, {
        "format": "vott", "classes": ["cat", "dog"], "ordered": True, "problems": [],
        "images": [there("photos/a.png", box("dog", (0.1, 0.1, 0.5, 0.5), normalised=True), size=(0, 0)), there("photos/b.png", size=(0, 0))],
    })
    # The export by itself, with a class that the tags lack.
    case("vott", "single-file", {"x/train.json": export(asset("a1", "a.png", region(["bird"], 1, 2, 3, 4))), "x/a.png": picture(1)}, {
        "format": "vott", "source": "x/train.json", "classes": ["bird"], "ordered": False, "problems": [],
        "images": [there("a.png", box("bird", (1, 2, 4, 6)), split="train")],
    })


def bad() -> None:
    text = export(asset(
        "a1", "a.png", region([], 1, 2, 3, 4), {**region(["cat"], 1, 2, 3, 4), "boundingBox": {"left": "x"}},
        {"tags": ["cat"], "type": "RECTANGLE"}, region(["cat"], 0, 0, 0, 0, "POLYGON", [(1, 2)]), region(["good"], 1, 2, 3, 4)),
        asset("b1", "gone.png", region(["cat"], 1, 2, 3, 4)), asset("c1", "", path=" ") | {"asset": {"id": "c1"}}, indent=1)
    at = [line_of(text, '"id": "r"', number) - 1 for number in range(1, 6)]
    bare = line_of(text, '"RECTANGLE"', 3) - 4
    case("vott", "bad-regions", {"pets.json": text, "a.png": picture(1)}, {
        "format": "vott",
        "problems": [
            f"bad-entry: pets.json:{at[0]}: the region has no tag",
            f'bad-entry: pets.json:{line_of(text, chr(34) + "x" + chr(34) + chr(10))}: left "x" is no number',
            f"bad-entry: pets.json:{bare}: the region has neither boundingBox nor points",
            f'bad-entry: pets.json:{at[2]}: the outline of "" has 1 points',
            f'bad-entry: pets.json:{line_of(text, chr(34) + "c1" + chr(34))}: the asset has no name',
            f'missing-image: pets.json:{line_of(text, chr(34) + "b1" + chr(34))}: no image is called "gone.png"',
        ],
        "images": [there("a.png", obj("good", (1, 2, 4, 6), line=at[3])), image("gone.png", obj("cat", (1, 2, 4, 6), line=at[4]), file=None)],
    })
    case("vott", "bad-version-1", {"a.json": json.dumps({"frames": {"a.png": [{"x1": 1, "y1": 1, "x2": 2, "y2": 2, "width": 0, "height": 0, "tags": ["x"]}]},
                                                        "inputTags": "x"}), "a.png": picture(1)}, {
        "format": "vott", "problems": ["bad-entry: a.json:1: a box in an image of 0x0 pixels"], "images": [],
    })
    case("vott", "bad-cut", {"a.json": export(asset("a1", "a.png", region(["cat"], 1, 2, 3, 4)))[:-30], "a.png": picture(1)}, {
        "format": "vott", "problems": ["unreadable-annotation: a.json:1: expected `:` behind \"y\""], "images": [],
    })


def make() -> None:
    good()
    bad()
