"""Fixtures of the MOT challenge."""

from fixture import case, obj, picture, there, unlabelled

NO_SIZE = {"size": (0, 0)}
INFO = "[Sequence]\nname=MOT17-02\nimDir=img1\nframeRate=30\nseqLength=2\nimWidth=40\nimHeight=30\nimExt=.png\n"


ONE_BASED = "boxes count from 1, as the challenge says, and were moved by a pixel: "


def one(line=1, name="pedestrian", track=1, **more):
    return obj(name, (4, 5, 20, 25), line=line, **({"flags": ["not occluded"], "track": track} | more))


def make() -> None:
    def named(folder, number):
        return {"name": f"{folder}/{number:06}.png"}

    first, second = "train/MOT17-02/img1", "train/MOT17-04/img1"
    case("mot", "mot17", {
        "train/MOT17-02/seqinfo.ini": INFO,
        "train/MOT17-02/gt/gt.txt": "1,1,5,6,16,20,1,1,1\n2,1,5,6,16,20,1,1,0.25\n1,7,5,6,16,20,0,12,1\n",
        "train/MOT17-02/det/det.txt": "1,-1,0,0,9,9,0.5\n",
        "train/MOT17-02/img1/000001.png": picture(1), "train/MOT17-02/img1/000002.png": picture(2), "train/MOT17-02/img1/000003.png": picture(3),
        "train/MOT17-04/gt/gt.txt": "1,1,5,6,16,20,1,3,1\n", "train/MOT17-04/img1/000001.png": picture(4),
    }, {
        "format": "mot", "classes": ["pedestrian", "reflection", "car"], "ordered": False,
        "images": [
            there(f"{first}/000001.png", one(), one(3, "reflection", 7, attributes={"ignored": "1"}), split="train", **named(first, 1)),
            there(f"{first}/000002.png", one(2, flags=["occluded"], attributes={"visibility": "0.25"}), split="train", **named(first, 2)),
            there(f"{first}/000003.png", split="train", **NO_SIZE),
            there(f"{second}/000001.png", one(1, "car", 9), split="train", **named(second, 1), **NO_SIZE),
        ],
        "problems": [unlabelled(f"{first}/000003.png")],
        "remarks": [
            "rows marked as not to be evaluated, kept as objects, with the attribute ignored: 1",
            ONE_BASED + "4",
            "sequences whose tracks got other numbers, as sequences before have theirs: 1",
        ],
    })
    case("mot", "cvat", {
        "gt/gt.txt": "1,1,4,5,16,20,1,1,1.0\n1,2,4,5,16,20,1,2,1.0\n", "gt/labels.txt": "cat\ndog\n", "img1/000001.png": picture(1),
    }, {
        "format": "mot", "classes": ["cat", "dog"], "ordered": False,
        "images": [there("img1/000001.png", one(1, "cat"), one(2, "dog", 2), **named("img1", 1), **NO_SIZE)], "problems": [],
    })
    case("mot", "detections", {
        "test/V/seqinfo.ini": INFO, "test/V/det/det.txt": "1,-1,5,6,16,20,0.875\n1,-1,2.5,3,3,4,-0.5,-1,-1,-1\n", "test/V/img1/000001.png": picture(1),
    }, {
        "format": "mot", "classes": ["pedestrian"], "ordered": False,
        "images": [there("test/V/img1/000001.png", obj("pedestrian", (4, 5, 20, 25), line=1, score=0.875),
                         obj("pedestrian", (1.5, 2, 4.5, 6), line=2, score=-0.5), split="test", **named("test/V/img1", 1))],
        "problems": [], "remarks": [ONE_BASED + "2"],
    })
    case("mot", "mot15", {"gt/gt.txt": "2, 3, 5, 6, 16, 20, 1, -1, -1, -1\r\n", "img1/000001.png": picture(1), "img1/000002.png": picture(2)}, {
        "format": "mot", "classes": ["pedestrian"], "ordered": False,
        "images": [there("img1/000001.png", **NO_SIZE), there("img1/000002.png", obj("pedestrian", (4, 5, 20, 25), line=1, track=3), **named("img1", 2), **NO_SIZE)],
        "problems": [unlabelled("img1/000001.png")], "remarks": [ONE_BASED + "1"],
    })
    # CVAT says of a tenth number that it is to be skipped.
    case("mot", "cvat-tenth-number", {"gt/gt.txt": "1,1,4,5,16,20,1,2,1,0\n", "gt/labels.txt": "cat\ndog\n", "img1/000001.png": picture(1)}, {
        "format": "mot", "classes": ["dog"], "ordered": False, "images": [there("img1/000001.png", one(1, "dog"), **named("img1", 1), **NO_SIZE)], "problems": [],
    })
    # In space: the eighth number is no class there.
    case("mot", "mot15-in-space", {"gt/gt.txt": "1,3,5,6,16,20,1,3.2,4.1,0\n1,4,5,6,16,20,1,-1,-1,-1\n", "img1/000001.png": picture(1)}, {
        "format": "mot", "classes": ["pedestrian"], "ordered": False, "problems": [], "remarks": ["rows whose place in the world is left out: 1", ONE_BASED + "2"],
        "images": [there("img1/000001.png", obj("pedestrian", (4, 5, 20, 25), line=1, track=3), obj("pedestrian", (4, 5, 20, 25), line=2, track=4),
                         **named("img1", 1), **NO_SIZE)],
    })
    # The challenge's tests have no truth.
    case("mot", "tests-without-truth", {
        "train/A/gt/gt.txt": "1,1,5,6,16,20,1,1,1\n", "train/A/img1/000001.png": picture(1),
        "test/B/seqinfo.ini": INFO, "test/B/det/det.txt": "1,-1,4,5,16,20,0.5\n", "test/B/img1/000001.png": picture(2), "test/B/img1/000002.png": picture(3),
    }, {
        "format": "mot", "classes": ["pedestrian"], "ordered": False, "problems": [],
        "remarks": ["test/B/det/det.txt has detections alone, which are no truth; left out, with its images: 2", ONE_BASED + "1"],
        "images": [there("train/A/img1/000001.png", one(), split="train", **named("train/A/img1", 1), **NO_SIZE)],
    })
    case("mot", "names-that-are-no-numbers", {"gt/gt.txt": "1,1,5,6,16,20,1,1,1\n2,1,5,6,16,20,1,1,1\n", "img1/x_a.png": picture(1), "img1/x_b.png": picture(2)}, {
        "format": "mot", "classes": ["pedestrian"], "ordered": False,
        "images": [there("img1/x_a.png", one(), name="img1/x_a.png", **NO_SIZE), there("img1/x_b.png", one(2), name="img1/x_b.png", **NO_SIZE)], "problems": [], "remarks": [ONE_BASED + "2"],
    })

    case("mot", "bad-lines", {
        "seqinfo.ini": INFO.replace("imWidth=40", "imWidth=wide"),
        "gt/gt.txt": "1,1,5,6,16,20,1,1,1\n1,1,4,5\n1.5,1,4,5,16,20,1,1,1\n1,x,4,5,16,20,1,1,1\n9,1,5,6,16,20,1,1,1\n", "img1/000001.png": picture(1),
    }, {
        "from": "mot", "format": "mot", "classes": ["pedestrian"], "ordered": False,
        "images": [{"key": "gt/img1/000009", "name": "img1/000009", "size": [0, 30], "split": None, "objects": [one(5)], "file": None},
                   there("img1/000001.png", one(), **named("img1", 1), size=(0, 30))],
        "problems": [
            'ignored-field: seqinfo.ini:6: imwidth "wide" is no number of pixels; taken from the image',
            "bad-entry: gt/gt.txt:2: 4 fields, a line has 6 to 10",
            "bad-entry: gt/gt.txt:3: 1.5 is no number of a frame",
            'bad-entry: gt/gt.txt:4: "x" is no number',
            'missing-image: gt/gt.txt:5: no image is called "img1/000009"',
        ],
        "remarks": [ONE_BASED + "2"],
    })
    case("mot", "bad-empty", {"gt/gt.txt": "", "img1/000001.png": picture(1)}, {
        "error": "{input}: no annotations that a known format explains; images: 1, files that could be about them: gt/gt.txt; "
                 "`recordmill formats` lists what is known",
    })
    case("mot", "bad-not-there", {"a.png": picture(1)}, {
        "from": "mot", "error": "{input}: nothing of format mot there; looked for gt/gt.txt or det/det.txt with lines frame,id,x,y,w,h and more numbers",
    })
