"""Fixtures of Unity's SOLO and Perception."""

import json

from fixture import case, filled, labels, obj, picture, there

BOXES = "type.unity.com/unity.solo.BoundingBox2DAnnotation"


def capture(name, objects, **more) -> dict:
    values = [{"instanceId": 7, "labelId": 1, "labelName": label, "origin": [x0, y0], "dimension": [x1 - x0, y1 - y0]} for label, (x0, y0, x1, y1) in objects]
    return {"@type": "type.unity.com/unity.solo.RGBCamera", "id": "camera", "filename": name, "imageFormat": "Png", "dimension": [40.0, 30.0],
            "annotations": [{"@type": BOXES, "id": "bounding box", "sensorId": "camera", "values": values}], **more}


def frame(name, objects) -> str:
    return json.dumps({"frame": 0, "sequence": 0, "step": 0, "timestamp": 0.0, "captures": [capture(name, objects)], "metrics": []})


def old(*captures) -> str:
    return json.dumps({"version": "0.0.1", "captures": [
        {"id": "c", "filename": name, "format": "PNG", "annotations": [{"id": "a", "annotation_definition": "d", "values": [
            {"label_id": 1, "label_name": label, "instance_id": 3, "x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0} for label, (x0, y0, x1, y1) in objects]}]}
        for name, objects in captures]})


def box(name, sides, number=7, **more) -> dict:
    return obj(name, sides, line=1, id=number, **more)


def make() -> None:
    cat, dog = ("cat", (4, 5, 20, 25)), ("dog", (0, 3, 10, 15))
    case("solo", "sequences", {"sequence.0/step0.frame_data.json": frame("step0.camera.png", [cat, dog]), "sequence.0/step0.camera.png": picture(1),
                               "sequence.1/step0.frame_data.json": frame("step0.camera.png", []), "sequence.1/step0.camera.png": picture(2)}, {
        "format": "solo", "problems": [], "images": [there("sequence.0/step0.camera.png", box(*cat), box(*dog)), there("sequence.1/step0.camera.png")]})
    case("solo", "perception", {"Dataset1/captures_000.json": old(("RGB1/rgb_2.png", [cat]), ("RGB1/rgb_3.png", [])), "RGB1/rgb_2.png": picture(1), "RGB1/rgb_3.png": picture(2)}, {
        "format": "solo", "problems": [], "images": [there("RGB1/rgb_2.png", box(*cat, 3), size=(0, 0), name="RGB1/rgb_2.png"), there("RGB1/rgb_3.png", size=(0, 0), name="RGB1/rgb_3.png")]})
    mask = {"@type": "type.unity.com/unity.solo.SemanticSegmentationAnnotation", "id": "s", "filename": "step0.camera.semantic.png", "values": []}
    masked = capture("step0.camera.png", [cat])
    masked["annotations"].append(mask)
    case("solo", "segmentation", {"step0.frame_data.json": json.dumps({"captures": [masked]}), "step0.camera.png": picture(1), "step0.camera.semantic.png": picture(2)}, {
        "format": "solo", "classes": ["cat"], "ordered": False,
        "problems": ['ignored-field: step0.frame_data.json:1: 1 colours of "step0.camera.semantic.png" stand for nothing, #4ab62e; left out'], "images": [there("step0.camera.png", box(*cat))]})
    # Instances of a box and by themselves; classes, where no picture has instances; a picture that is not there, colours that are none.
    def painting(kind, name, *instances) -> dict:
        return {"@type": f"type.unity.com/unity.solo.{kind}SegmentationAnnotation", "id": kind, "filename": name, "imageFormat": "Png", "instances": list(instances)}

    red, blue = (1, 2, 5, 6), (10, 10, 12, 20)
    drawn = labels("RGB", ((255, 0, 0), red), ((0, 0, 255), blue))
    one = capture("a.png", [("cat", (0, 1, 6, 7))])
    one["annotations"] = [painting("Semantic", "a.semantic.png", {"labelName": "cat", "pixelValue": [255, 0, 0, 255]}),
                          painting("Instance", "a.instance.png", {"instanceId": 7, "labelName": "cat", "color": [255, 0, 0, 255]}, {"instanceId": 8, "labelName": "dog", "color": [0, 0, 255, 255]}),
                          *one["annotations"]]
    two = capture("b.png", [])
    two["annotations"] = [painting("Semantic", "b.semantic.png", {"labelName": "sky", "pixelValue": [0, 0, 255, 255]}, {"labelName": "cat", "pixelValue": [255, 0, 0, 255]}, {"labelName": "cow", "pixelValue": [9, 9, 9, 255]}),
                          painting("Semantic", "gone.png"), painting("Semantic", "b.semantic.png", {"labelName": "x"}, {"pixelValue": [255, 0, 0, 255]}, {"labelName": "x", "pixelValue": [0, 0, 255]})]
    case("solo", "masks", {"sequence.0/step0.frame_data.json": json.dumps({"captures": [one]}), "sequence.0/a.png": picture(1), "sequence.0/a.instance.png": drawn, "sequence.0/a.semantic.png": drawn,
                           "sequence.1/step0.frame_data.json": json.dumps({"captures": [two]}), "sequence.1/b.png": picture(2), "sequence.1/b.semantic.png": drawn}, {
        "format": "solo", "classes": ["cat", "dog", "sky", "x"], "ordered": False, "problems": [
            'ignored-field: sequence.1/step0.frame_data.json:1: the mask "gone.png", whose picture is not there, left out', "bad-entry: sequence.1/step0.frame_data.json:1: the instance has no colour",
            "bad-entry: sequence.1/step0.frame_data.json:1: the instance has no label name"], "images": [
            there("sequence.0/a.png", box("cat", (0, 1, 6, 7)) | {"mask": filled(red)}, box("dog", blue, 8) | {"mask": filled(blue)}),
            there("sequence.1/b.png", obj("sky", blue, mask=filled(blue), line=1), obj("cat", red, mask=filled(red), line=1), obj("x", blue, mask=filled(blue), line=1))]})
    case("solo", "splits", {"train/f.json": frame("a.png", [cat]), "train/a.png": picture(1), "test/f.json": frame("b.png", [dog]), "test/b.png": picture(2)}, {
        "format": "solo", "problems": [], "images": [there("test/b.png", box(*dog), split="test"), there("train/a.png", box(*cat), split="train")]})
    case("solo", "single-file", {"f.json": frame("ä.png", [("Bär", (1, 2, 3, 4))]), "ä.png": picture(1)}, {
        "format": "solo", "source": "f.json", "problems": [], "images": [there("ä.png", box("Bär", (1, 2, 3, 4)))]})
    case("solo", "bad-missing", {"f.json": frame("gone.png", [cat])}, {
        "format": "solo", "problems": ['missing-image: f.json:1: no image is called "gone.png"'], "images": [there("gone.png", box(*cat)) | {"file": None}]})
    case("solo", "bad-cut", {"f.json": frame("a.png", [cat])[:-40], "a.png": picture(1)}, {
        "format": "solo", "problems": ["unreadable-annotation: f.json:1: a string has no end"], "images": []})
    bad = capture("a.png", [cat])
    bad["annotations"][0]["values"] = [{"origin": [1, 2], "dimension": [3, 4]}, {"labelName": "x", "origin": [1], "dimension": [3, 4]}, {"labelName": "x", "x": 1}]
    case("solo", "bad-values", {"f.json": json.dumps({"captures": [bad, {"annotations": []}]}), "a.png": picture(1)}, {
        "format": "solo", "images": [], "problems": ["bad-entry: f.json:1: the value has no label name", 'bad-entry: f.json:1: "origin" has not two numbers',
                                                     'bad-entry: f.json:1: "y" is missing', "bad-entry: f.json:1: the capture has no filename"]})
