"""Fixtures of the manifest of SageMaker Ground Truth."""

import json

from fixture import case, filled, labels, obj, picture, standard, there

CLASSES = ["cat", "dog", "Bär, groß"]


def row(name, objects, job="boxes", confidence=None) -> str:
    boxes = [{"class_id": CLASSES.index(label), "left": x0, "top": y0, "width": x1 - x0, "height": y1 - y0} for label, (x0, y0, x1, y1) in objects]
    return json.dumps({
        "source-ref": name, job: {"annotations": boxes, "image_size": [{"width": 40, "height": 30, "depth": 3}]},
        f"{job}-metadata": {"objects": [{"confidence": confidence or 0} for _ in objects], "class-map": {str(number): name for number, name in enumerate(CLASSES)},
                            "type": "groundtruth/object-detection", "human-annotated": "yes", "creation-date": "2024-05-01T10:00:00", "job-name": "x"}})


def write(entries) -> dict:
    return {"output.manifest": "\n".join(row(name, objects) for name, objects in entries) + "\n"}


def make() -> None:
    standard("sagemaker", write, "bad-entry: {path}:1: a string has no end", rows=True)
    # Buckets, confidences of a model, another name of the job, and lines that no job has answered.
    lines = [row("s3://bucket/photos/a.png", [("cat", (4, 5, 20, 25))], "my-job", 0.75), json.dumps({"source-ref": "s3://bucket/photos/b.png", "my-job-metadata": {
        "failure-reason": "x", "type": "groundtruth/object-detection"}})]
    case("sagemaker", "bucket", {"output.manifest": "\n".join(lines), "photos/a.png": picture(1), "photos/b.png": picture(2)}, {
        "format": "sagemaker", "problems": [], "remarks": ["images that no annotation names, left out: 1"], "classes": ["cat"], "ordered": False,
        "images": [there("photos/a.png", obj("cat", (4, 5, 20, 25), line=1, score=0.75), name="s3://bucket/photos/a.png", url="s3://bucket/photos/a.png")]})
    first = json.loads(row("a.png", [("cat", (1, 2, 11, 22))], "cats", 0.5))
    second = json.loads(row("a.png", [("cat", (3, 4, 13, 24))], "adj", 0.75))
    second["adj-metadata"]["adjustment-status"] = "adjusted"
    case("sagemaker", "adjusted", {"o.manifest": json.dumps(first | second), "a.png": picture(1)}, {
        "format": "sagemaker", "problems": ["ignored-field: o.manifest:1: the answer of cats, as adj adjusted it, left out"], "classes": ["cat"], "ordered": False,
        "images": [there("a.png", obj("cat", (3, 4, 13, 24), line=1, score=0.75))]})
    single = {"source-ref": "a.png", "animal": 1, "animal-metadata": {"class-name": "dog", "confidence": 0.9, "type": "groundtruth/image-classification"}}
    several = {"source-ref": "b.png", "animals": [0, 2], "animals-metadata": {"class-map": {"0": "cat", "2": "cow"}, "type": "groundtruth/image-classification-multilabel"}}
    mask = {"source-ref": "c.png", "m-ref": "s3://bucket/m.png", "m-ref-metadata": {"type": "groundtruth/semantic-segmentation"}}
    case("sagemaker", "classification", {"o.manifest": "\n".join(map(json.dumps, (single, several, mask)))} | {f"{name}.png": picture(1) for name in "abc"}, {
        "format": "sagemaker", "problems": ['ignored-field: o.manifest:3: the mask "s3://bucket/m.png", whose picture is not there, left out'],
        "images": [there("a.png", labels=["dog"], size=(0, 0)), there("b.png", labels=["cat", "cow"], size=(0, 0)), there("c.png", size=(0, 0))]})
    # Semantic masks: with a palette and in colours, a colon that became _, a picture that is none, colours that stand for nothing.
    def masked(name, picture, colours) -> dict:
        colours = {str(number): {"class-name": label, "hex-color": colour} for number, (label, colour) in enumerate(colours)}
        return {"source-ref": f"s3://bucket/{name}", "job-ref": f"s3://bucket/out/{picture}", "job-ref-metadata": {"internal-color-map": colours, "type": "groundtruth/semantic-segmentation"}}

    colours = [("BACKGROUND", "#ffffff"), ("cat", "#ff0000"), ("dog", "#0000ff"), ("cow", "#00ff00")]
    painted = labels("RGB", ((255, 0, 0), (1, 2, 5, 6)), ((0, 0, 255), (10, 10, 12, 20)), ground=(255, 255, 255))
    strange = labels("RGB", ((255, 0, 0), (1, 2, 5, 6)), ((1, 2, 3), (10, 10, 12, 20)))
    rows = [masked("a.png", "0_2024-05-01T10:00.png", colours), masked("b.png", "1.png", [("cat", "#800000")]), masked("c.png", "2.png", colours), masked("d.png", "3.png", colours)]
    case("sagemaker", "masks", {
        "o.manifest": "\n".join(map(json.dumps, rows)), "out/0_2024-05-01T10_00.png": painted, "out/1.png": labels("P", (1, (3, 4, 6, 9))), "out/2.png": strange, "out/3.png": b"none",
    } | {f"{name}.png": picture(1) for name in "abcd"}, {
        "format": "sagemaker", "classes": ["cat", "dog"], "ordered": False,
        "problems": ['ignored-field: o.manifest:3: 1 colours of "s3://bucket/out/2.png" stand for nothing, #010203; left out', "bad-entry: o.manifest:4: out/3.png: no PNG: Invalid PNG signature"],
        "images": [there(f"{name}.png", *objects, size=(0, 0), name=f"s3://bucket/{name}.png", url=f"s3://bucket/{name}.png") for name, objects in (
            ("a", [obj("dog", (10, 10, 12, 20), mask=filled((10, 10, 12, 20)), line=1), obj("cat", (1, 2, 5, 6), mask=filled((1, 2, 5, 6)), line=1)][::-1]),
            ("b", [obj("cat", (3, 4, 6, 9), mask=filled((3, 4, 6, 9)), line=2)]), ("c", [obj("cat", (1, 2, 5, 6), mask=filled((1, 2, 5, 6)), line=3)]))]})
    bad = json.loads(row("a.png", [("cat", (1, 2, 3, 4))] * 3))
    bad["boxes"]["annotations"][0]["left"], bad["boxes"]["annotations"][1] = "x", {"left": 1, "top": 1, "width": 1, "height": 1}
    case("sagemaker", "bad-rows", {"o.manifest": json.dumps(bad) + "\n" + json.dumps({"source-ref": ""}), "a.png": picture(1)}, {
        "format": "sagemaker", "problems": ['bad-entry: o.manifest:1: left "x" is no number', "bad-entry: o.manifest:1: the annotation has no class_id",
                                            'bad-entry: o.manifest:2: "source-ref" is missing'],
        "images": [there("a.png", obj("cat", (1, 2, 3, 4), line=1))]})
