"""Fixtures of JSON lines for vision language models."""

import json

from fixture import case, obj, picture, there


def suffix(objects) -> str:
    # Sides of a fixture's boxes are no 1024ths: the places say the nearest.
    return " ; ".join("".join(f"<loc{place:04}>" for place in places) + f" {label}" for label, places in objects)


def row(name, text, prefix="detect cat ; dog") -> str:
    return json.dumps({"image": name, "prefix": prefix, "suffix": text}, ensure_ascii=False)


def seen(key, *objects, **more) -> dict:
    return there(key, *objects, **({"size": (0, 0)} | more))


def box(name, sides, bins=1024, line=1) -> dict:
    return obj(name, [side / bins for side in sides], line=line, normalised=True)


def make() -> None:
    # As Roboflow exports: y0, x0, y1, x1; a file per split; an image without objects.
    first = row("a.png", suffix([("cat", (128, 256, 512, 1023)), ("big dog", (0, 0, 10, 20))]))
    case("paligemma", "roboflow", {"dataset/_annotations.train.jsonl": first + "\n" + row("b.png", ""), "dataset/a.png": picture(1), "dataset/b.png": picture(2),
                                   "dataset/_annotations.valid.jsonl": row("c.png", suffix([("cat", (1, 2, 3, 4))])), "dataset/c.png": picture(3)}, {
        "format": "paligemma", "problems": [], "images": [
            seen("dataset/a.png", box("cat", (256, 128, 1023, 512)), box("big dog", (0, 0, 20, 10)), split="train"), seen("dataset/b.png", split="train"),
            seen("dataset/c.png", box("cat", (2, 1, 4, 3)), split="valid")]})
    florence = "cat<loc_100><loc_200><loc_300><loc_400><loc_500><loc_600><loc_700><loc_800>dog<loc_1><loc_2><loc_3><loc_4>"
    case("paligemma", "florence", {"_annotations.test.jsonl": row("a.png", florence, "<OD>"), "a.png": picture(1)}, {
        "format": "paligemma", "problems": [], "images": [
            seen("a.png", box("cat", (100, 200, 300, 400), 1000), box("cat", (500, 600, 700, 800), 1000), box("dog", (1, 2, 3, 4), 1000), split="test")]})
    case("paligemma", "captions", {"train.jsonl": row("a.png", "A cat on a mat.", "caption en"), "a.png": picture(1)}, {
        "format": "paligemma", "problems": [], "images": [seen("a.png", captions=["A cat on a mat."], split="train")]})
    case("paligemma", "masks", {"a.jsonl": row("a.png", suffix([("<seg001><seg002> cat", (128, 256, 512, 1023))]), "segment cat"), "a.png": picture(1)}, {
        "format": "paligemma", "problems": ["ignored-field: a.jsonl:1: tokens of masks left out"], "images": [seen("a.png", box("cat", (256, 128, 1023, 512)))]})
    case("paligemma", "words", {"a.jsonl": row("ä b.png", suffix([("Bär", (1, 2, 3, 4))])), "images/ä b.png": picture(1)}, {
        "format": "paligemma", "source": "a.jsonl", "problems": [], "images": [seen("images/ä b.png", box("Bär", (2, 1, 4, 3)))]})

    case("paligemma", "bad-suffix", {"a.jsonl": row("a.png", "<loc0001><loc0002> cat ; <loc0001><loc0002><loc0003><loc0004>") + "\n" + row("", "x"), "a.png": picture(1)}, {
        "format": "paligemma", "images": [], "problems": [
            'bad-entry: a.jsonl:1: 2 places for "cat" in the suffix', 'bad-entry: a.jsonl:1: 4 places for "" in the suffix', 'bad-entry: a.jsonl:2: "image" is missing']})
    case("paligemma", "bad-missing", {"a.jsonl": row("gone.png", "A cat.")}, {
        "format": "paligemma", "images": [seen("gone.png", captions=["A cat."]) | {"file": None}], "problems": ['missing-image: a.jsonl:1: no image is called "gone.png"']})
    case("paligemma", "bad-line", {"a.jsonl": row("a.png", "A cat.") + "\n{'image': 1}", "a.png": picture(1)}, {
        "format": "paligemma", "images": [seen("a.png", captions=["A cat."])], "problems": ["bad-entry: a.jsonl:2: expected a member's name"]})
