"""Fixtures of CVAT XML 1.1."""

from fixture import around, case, ellipse, image, line_of, mask, obj, picture, there, turned_box

META = """  <version>1.1</version>
  <meta>
    <task>
      <id>7</id><name>pets</name><size>{size}</size><mode>{mode}</mode><start_frame>0</start_frame><stop_frame>{stop}</stop_frame>
      <subset>{subset}</subset>
      <labels>
        <label><name>cat</name><color>#fa3253</color><type>any</type><attributes><attribute><name>colour</name></attribute></attributes></label>
        <label><name>dog</name><color>#3df53d</color><type>any</type><attributes></attributes></label>
{labels}      </labels>
{more}    </task>
    <dumped>2024-05-01 10:00:00+00:00</dumped>
  </meta>
"""


def document(body, labels="", more="", size=2, stop=1, mode="annotation", subset="") -> str:
    meta = META.format(labels=labels, more=more, size=size, stop=stop, mode=mode, subset=subset)
    return f'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n{meta}{body}</annotations>\n'


def img(number, name, *shapes, width=40, height=30, more="") -> str:
    inner = "".join(f"    {shape}\n" for shape in shapes)
    return f'  <image id="{number}" name="{name}" {more}width="{width}" height="{height}">\n{inner}  </image>\n'


def xbox(label, sides, more='occluded="0" z_order="0"', inner="") -> str:
    names = ("xtl", "ytl", "xbr", "ybr")
    corners = " ".join(f'{name}="{side}"' for name, side in zip(names, sides, strict=True))
    return f'<box label="{label}" source="manual" {corners} {more}>{inner}</box>'


def good() -> None:
    # Images of two subsets, an image without objects, a name with a folder, attributes, a tag.
    colour = '<attribute name="colour">dark &amp; brown</attribute><attribute name="age"></attribute>'
    text = document(
        img(0, "sub/a.png", xbox("dog", ("1.50", "2.25", "20.00", "25.10"), 'occluded="1" z_order="2"', colour), '<tag label="cat" source="manual"></tag>',
            more='subset="Train" task_id="7" ')
        + img(1, "b.png", more='subset="Validation" task_id="7" '))
    case("cvat", "images", {"annotations.xml": text, "images/Train/sub/a.png": picture(1), "images/Validation/b.png": picture(2),
                            "images/Train/other.png": picture(3)}, {
        "format": "cvat", "classes": ["cat", "dog"], "ordered": True, "problems": [], "remarks": ["images that no annotation names, left out: 1"],
        "images": [
            there("images/Train/sub/a.png", obj("dog", (1.5, 2.25, 20, 25.1), line=line_of(text, "<box"), flags=["occluded"],
                                                attributes={"z_order": "2", "colour": "dark & brown"}),
                  labels=["cat"], id=0, split="train", name="sub/a.png"),
            there("images/Validation/b.png", id=1, split="valid"),
        ],
    })

    # Every kind of shape.
    box, pivot = (10, 10, 30, 20), (20, 15)
    corners = turned_box(box, pivot, 30)
    runs = ["#..", "##."]
    text = document(img(
        0, "a.png", xbox("cat", box, 'occluded="0" rotation="30.00" z_order="0"'),
        '<polygon label="cat" source="manual" occluded="0" points="1.00,2.00;9.50,2.00;9.50,8.25" z_order="0" group_id="3"></polygon>',
        '<polyline label="dog" occluded="0" points="1.00,2.00;9.00,8.00" z_order="0"></polyline>',
        '<points label="dog" occluded="0" points="7.00,8.00" z_order="0"></points>',
        '<ellipse label="cat" occluded="0" cx="20.00" cy="15.00" rx="10.00" ry="5.00" rotation="90.00" z_order="0"></ellipse>',
        '<mask label="dog" occluded="0" rle="0, 1, 2, 2, 1" left="5" top="6" width="3" height="2" z_order="0"></mask>',
        '<cuboid label="dog" occluded="0" xtl1="1" ytl1="1" xbl1="1" ybl1="9" xtr1="5" ytr1="1" xbr1="5" ybr1="9" '
        'xtl2="8" ytl2="2" xbl2="8" ybl2="8" xtr2="7" ytr2="2" xbr2="7" ybr2="8" z_order="0"></cuboid>'))
    at = line_of(text, "<box")
    free = {"flags": ["not occluded"]}
    points = [[1, 1], [5, 1], [5, 9], [1, 9], [8, 2], [7, 2], [7, 8], [8, 8]]
    case("cvat", "shapes", {"annotations.xml": text, "images/a.png": picture(1)}, {
        "format": "cvat", "problems": [],
        "images": [there(
            "images/a.png", obj("cat", around(corners), corners=corners, line=at, **free),
            obj("cat", (1, 2, 9.5, 8.25), polygons=[[[1.0, 2.0], [9.5, 2.0], [9.5, 8.25]]], line=at + 1, attributes={"group_id": "3"}, **free),
            obj("dog", (1, 2, 9, 8), keypoints=[[1.0, 2.0, 2], [9.0, 8.0, 2]], line=at + 2, **free),
            obj("dog", (7, 8, 7, 8), keypoints=[[7.0, 8.0, 2]], line=at + 3, **free),
            obj("cat", (15, 5, 25, 25), polygons=[ellipse((20, 15), (10, 5), 90)], line=at + 4, **free),
            obj("dog", (5, 6, 7, 8), mask=mask(runs, 5, 6), line=at + 5, **free),
            obj("dog", (1, 1, 8, 9), keypoints=[[float(x), float(y), 2] for x, y in points], line=at + 6, **free), id=0)],
    })

    # A video with keyframes only: in between by straight lines, hidden from `outside` on, the second to the job's end.
    def frame(number, sides, outside=0) -> str:
        names = ("xtl", "ytl", "xbr", "ybr")
        corners = " ".join(f'{name}="{side}"' for name, side in zip(names, sides, strict=True))
        return f'    <box frame="{number}" keyframe="1" outside="{outside}" occluded="0" {corners} z_order="0">\n    </box>\n'

    size = "<original_size><width>40</width><height>30</height></original_size>"
    text = document(
        '  <track id="4" label="cat" source="manual">\n' + frame(0, (0, 0, 10, 10)) + frame(2, (4, 2, 14, 13)) + frame(3, (4, 2, 14, 13), 1) + "  </track>\n"
        '  <track id="9" label="dog" source="manual">\n' + frame(2, (1, 1, 2, 2)) + "  </track>\n",
        more=size, size=5, stop=4, mode="interpolation", subset="test")
    a, b, _c = (line_of(text, f'frame="{number}"') for number in (0, 2, 3))
    d = line_of(text, 'frame="2"', 2)
    files = {f"images/frame_{number:06}.PNG": picture(number) for number in range(5)} | {"annotations.xml": text}
    free = {"flags": ["not occluded"]}

    def frames(number, *objects) -> dict:
        return there(f"images/frame_{number:06}.PNG", *objects, name=f"frame_{number:06}", id=number, split="test")

    dog = obj("dog", (1, 1, 2, 2), line=d, track=9, **free)
    case("cvat", "video", files, {
        "format": "cvat", "classes": ["cat", "dog"], "ordered": True, "problems": [],
        "images": [
            frames(0, obj("cat", (0, 0, 10, 10), line=a, track=4, **free)),
            frames(1, obj("cat", (2, 1, 12, 11.5), line=a, track=4, **free)),
            frames(2, obj("cat", (4, 2, 14, 13), line=b, track=4, **free), dog), frames(3, dog), frames(4, dog),
        ],
    })

    # An outline that has a point more in the next keyframe stays as it is until then.
    def outline(number, points) -> str:
        return f'    <polygon frame="{number}" keyframe="1" outside="0" occluded="0" points="{points}" z_order="0">\n    </polygon>\n'

    text = document('  <track id="4" label="cat" source="manual">\n' + outline(0, "0,0;8,0;8,8") + outline(3, "0,0;8,0;9,4;8,8") + outline(4, "0,0;8,0;9,4;8,8") + "  </track>\n",
                    more=size, size=5, stop=4, mode="interpolation")
    points = [[[0.0, 0.0], [8.0, 0.0], [8.0, 8.0]], [[0.0, 0.0], [8.0, 0.0], [9.0, 4.0], [8.0, 8.0]]]
    lines = [line_of(text, f'frame="{number}"') for number in (0, 0, 0, 3, 4)]
    case("cvat", "video-held", {f"frame_{number:06}.png": picture(number) for number in range(5)} | {"annotations.xml": text}, {
        "format": "cvat", "problems": [f'held-shape: annotations.xml:{lines[0]}: the shape of track 4 ("cat") has other points in frame 3, so it stays as it is for 2 frames before'],
        "images": [there(f"frame_{number:06}.png", obj("cat", around(points[number > 2]), polygons=[points[number > 2]], line=lines[number], track=4, **free), id=number, name=f"frame_{number:06}") for number in range(5)]})

    # A project of two videos, whose frames count each from 0; of the second every other frame was taken.
    def of_task(number, subset, stop, more="") -> str:
        return (f"<task><id>{number}</id><size>2</size><start_frame>0</start_frame><stop_frame>{stop}</stop_frame>{more}<subset>{subset}</subset>"
                f"{size}</task>")

    tasks = of_task(1, "train", 1) + of_task(2, "val", 2, "<frame_filter>step=2</frame_filter>")
    text = (f"<annotations><version>1.1</version><meta><project><tasks>{tasks}</tasks><labels><label><name>cat</name></label></labels></project></meta>\n"
            '  <track id="0" label="cat" task_id="1" subset="train">\n' + frame(0, (0, 0, 10, 10)) + frame(1, (0, 0, 10, 10), 1) + "  </track>\n"
            '  <track id="1" label="cat" task_id="2" subset="val">\n' + frame(0, (4, 4, 20, 20)) + frame(2, (6, 6, 22, 22)) + "  </track>\n</annotations>\n")
    a, b = (line_of(text, 'frame="0"', number) for number in (1, 2))
    found = ((1, "train", 1), (a, "train", 0), (b, "val", 0), (line_of(text, 'frame="2"'), "val", 2))
    case("cvat", "video-of-tasks", {"annotations.xml": text} | {f"images/{split}/frame_{number:06}.png": picture(line) for line, split, number in found}, {
        "format": "cvat", "problems": [],
        "images": [there(f"images/{split}/frame_{number:06}.png", *([obj("cat", box, line=line, track=int(split == "val"), **free)] if box else []),
                         name=f"frame_{number:06}", split=split.replace("val", "valid"))
                   for (line, split, number), box in zip((found[1], found[0], *found[2:]), ((0, 0, 10, 10), None, (4, 4, 20, 20), (6, 6, 22, 22)), strict=True)]})

    # A video as CVAT exports it, every frame said; frame 1 has no object, and no file either.
    def said(number, key, outside=0) -> str:
        return (f'    <polygon frame="{number}" keyframe="{key}" outside="{outside}" occluded="1" points="{number}.00,2.00;9.00,2.00;9.00,8.00" z_order="0">\n'
                "    </polygon>\n")

    text = document('  <track id="0" label="cat" source="manual">\n' + said(2, 1) + said(3, 0) + said(4, 1, 1) + "  </track>\n",
                    more=size, size=5, stop=4, mode="interpolation")
    case("cvat", "video-all-frames", {"annotations.xml": text} | {f"frame_{number:06}.jpg": picture(number, "JPEG") for number in (0, 2, 3)}, {
        "format": "cvat", "problems": [],
        "images": [there("frame_000000.jpg", id=0, name="frame_000000")] + [
            there(f"frame_{number:06}.jpg", obj("cat", (number, 2, 9, 8), polygons=[[[float(number), 2.0], [9.0, 2.0], [9.0, 8.0]]], track=0,
                                                line=line_of(text, f'frame="{number}"'), flags=["occluded"]), id=number, name=f"frame_{number:06}")
            for number in (2, 3)],
    })

    # A skeleton: points in the order of the labels, one hidden, one outside.
    labels = """        <label><name>person</name><type>skeleton</type><svg>x</svg></label>
        <label><name>nose</name><type>points</type><parent>person</parent></label>
        <label><name>left</name><type>points</type><parent>person</parent></label>
        <label><name>right</name><type>points</type><parent>person</parent></label>
"""
    text = document(img(
        0, "a.png", '<skeleton label="person" source="manual" z_order="0"><points label="left" outside="0" occluded="1" points="5.00,6.00"></points>'
        '<points label="nose" outside="0" occluded="0" points="7.50,3.00"></points><points label="right" outside="1" occluded="0" points="0.00,0.00"></points></skeleton>'),
        labels=labels)
    case("cvat", "skeleton", {"annotations.xml": text, "a.png": picture(1)}, {
        "format": "cvat", "classes": ["cat", "dog", "person"], "ordered": True, "problems": [],
        "skeletons": [["person", "", ["nose", "left", "right"], []]],
        "images": [there("a.png", obj("person", (5, 3, 7.5, 6), line=line_of(text, "<skeleton"),
                                      keypoints=[[7.5, 3.0, 2], [5.0, 6.0, 1], [0.0, 0.0, 0]]), id=0)],
    })


    # Shapes of one group are one object, but for a second box; bones in the drawing of a skeleton; a track among the attributes.
    labels = """        <label><name>person</name><type>skeleton</type><svg>&lt;line x1="1" data-type="edge" data-node-from="2" stroke-width="0.5" data-node-to="1"&gt;&lt;/line&gt;
&lt;circle r="1.5" data-node-id="1" data-label-name="nose"&gt;&lt;/circle&gt;&lt;circle r="1.5" data-node-id="2" data-label-name="a &amp;amp; b"&gt;&lt;/circle&gt;</svg></label>
        <label><name>nose</name><type>points</type><parent>person</parent></label>
        <label><name>a &amp; b</name><type>points</type><parent>person</parent></label>
"""
    polygon = '<polygon label="cat" occluded="0" points="{}" z_order="0" group_id="1"></polygon>'
    track = '<attribute name="track_id">12</attribute>'
    text = document(img(
        0, "a.png", polygon.format("1,2;9,2;9,8"), polygon.format("11,2;19,2;19,8"), xbox("cat", (0, 1, 30, 20), 'occluded="1" group_id="1"', track),
        xbox("cat", (2, 3, 4, 5), 'occluded="0" group_id="1"'), xbox("person", (1, 2, 21, 22), 'occluded="0" group_id="2"'),
        '<skeleton label="person" group_id="2"><points label="nose" outside="0" occluded="0" points="7.50,3.00"></points></skeleton>'), labels=labels)
    at = line_of(text, "<polygon")
    case("cvat", "groups", {"annotations.xml": text, "a.png": picture(1)}, {
        "format": "cvat", "classes": ["cat", "dog", "person"], "ordered": True, "problems": [], "skeletons": [["person", "", ["nose", "a & b"], [[1, 0]]]],
        "images": [there("a.png", obj("cat", (0, 1, 30, 20), polygons=[[[1.0, 2.0], [9.0, 2.0], [9.0, 8.0]], [[11.0, 2.0], [19.0, 2.0], [19.0, 8.0]]], track=12,
                                      line=at, flags=["occluded"], attributes={"group_id": "1"}),
                         obj("cat", (2, 3, 4, 5), line=at + 3, flags=["not occluded"], attributes={"group_id": "1"}),
                         obj("person", (1, 2, 21, 22), keypoints=[[7.5, 3.0, 2], [0.0, 0.0, 0]], line=at + 4, flags=["not occluded"]), id=0)],
    })


    # The class in an attribute; one object does not have it.
    kind = '<attribute name="Class">bus</attribute><attribute name="colour">red</attribute>'
    text = document(img(0, "a.png", xbox("cat", (1, 2, 3, 4), inner=kind), xbox("cat", (5, 6, 7, 8))))
    at = line_of(text, "<box")
    case("cvat", "class-attribute", {"annotations.xml": text, "a.png": picture(1)}, {
        "format": "cvat", "class_attribute": "Class", "classes": ["bus", "cat"], "ordered": False, "problems": [],
        "images": [there("a.png", obj("bus", (1, 2, 3, 4), line=at, flags=["not occluded"], attributes={"colour": "red"}),
                         obj("cat", (5, 6, 7, 8), line=at + 1, flags=["not occluded"]), id=0)],
    })


def bad() -> None:
    text = document(
        img(0, "a.png", xbox("", (1, 2, 3, 4)), xbox("cat", (1, "two", 3, 4)), '<box label="cat" xtl="1"/>', '<polygon label="cat" points="1,2;3,4"/>',
            '<polygon label="cat" points="1,2;3;4,5"/>', '<mask label="cat" rle="1,1" left="0" top="0" width="3" height="2"/>',
            '<mask label="cat" rle="1,x" left="0" top="0" width="3" height="2"/>', '<blob label="cat"/>', "<tag/>", xbox("dog", (1, 2, 3, 4)))
        + img(1, "gone.png", xbox("cat", (1, 2, 3, 4))) + img(2, "", xbox("cat", (1, 2, 3, 4))))
    at = line_of(text, "<box")
    free = {"flags": ["not occluded"]}
    case("cvat", "bad-shapes", {"annotations.xml": text, "a.png": picture(1)}, {
        "format": "cvat",
        "problems": [
            f"bad-entry: annotations.xml:{at}: <box> has no label",
            f'bad-entry: annotations.xml:{at + 1}: ytl "two" is no number',
            f"bad-entry: annotations.xml:{at + 2}: <box> has no ytl",
            f'bad-entry: annotations.xml:{at + 3}: the outline of "cat" has 2 points',
            f'bad-entry: annotations.xml:{at + 4}: point "3" is no x,y',
            f"bad-entry: annotations.xml:{at + 5}: runs of 2 pixels for a mask of 3x2 in 40x30",
            f'bad-entry: annotations.xml:{at + 6}: run "x" is no whole number',
            f"bad-entry: annotations.xml:{at + 7}: <blob> is no shape that is known",
            f"bad-entry: annotations.xml:{at + 8}: <tag> has no label",
            f"bad-entry: annotations.xml:{line_of(text, '<image', 3)}: <image> has no name",
            f"missing-image: annotations.xml:{line_of(text, '<image', 2)}: no image is called \"gone.png\"",
        ],
        "images": [there("a.png", obj("dog", (1, 2, 3, 4), line=at + 9, **free), id=0),
                   image("gone.png", obj("cat", (1, 2, 3, 4), line=line_of(text, "gone.png") + 1, **free), id=1, file=None)],
    })
    text = document(
        '  <track id="0" label="cat">\n    <box frame="1e9" outside="0" xtl="1" ytl="1" xbr="2" ybr="2"/>\n  </track>\n'
        '  <track id="1">\n    <box frame="0" outside="0" xtl="1" ytl="1" xbr="2" ybr="2"/>\n  </track>\n', size=1, stop=0)
    case("cvat", "bad-tracks", {"annotations.xml": text, "frame_000000.png": picture(1)}, {
        "format": "cvat",
        "problems": [
            f"bad-entry: annotations.xml:{line_of(text, '1e9')}: frame 1000000000 is none",
            f"bad-entry: annotations.xml:{line_of(text, '<track', 2)}: <track> has no label",
        ],
        "images": [],
    })
    text = document(img(0, "a.png", xbox("cat", (1, 2, 3, 4))))
    case("cvat", "bad-cut", {"annotations.xml": text[: text.index("</image>")], "a.png": picture(1)}, {
        "format": "cvat", "problems": [f"unreadable-annotation: annotations.xml:{line_of(text, '</image>') - 1}: the file ends inside <image> of line {line_of(text, '<image')}"],
        "images": [],
    })


def make() -> None:
    good()
    bad()
