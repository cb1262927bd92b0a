"""Writes the seeds of the fuzz targets into tests/data/fuzz: small good inputs of every shape, and a few bad ones.

    python fuzz/make_seeds.py      (needs Pillow)

Committed, so that the replay in the Rust tests needs neither this nor a fuzzer.
"""

import gzip
import io
import re
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

from PIL import Image

SEEDS = Path(__file__).resolve().parents[1] / "tests" / "data" / "fuzz"


def crc32c(data: bytes) -> int:
    """CRC-32C, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    """The sum as TFRecord has it."""
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(payload: bytes) -> bytes:
    """One record."""
    length = struct.pack("<Q", len(payload))
    return length + masked(length) + payload + masked(payload)


def varint(value: int) -> bytes:
    out = bytearray()
    value &= 2**64 - 1
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, data: bytes) -> bytes:
    """A length-delimited field."""
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def entry(key: str, feature: bytes) -> bytes:
    """An entry of Features."""
    return field(1, field(1, key.encode()) + field(2, feature))


def int64s(*values: int) -> bytes:
    return field(3, field(1, b"".join(map(varint, values))) if values else b"")


def floats(*values: float) -> bytes:
    return field(2, field(1, struct.pack(f"<{len(values)}f", *values)) if values else b"")


def texts(*values: bytes) -> bytes:
    return field(1, b"".join(field(1, value) for value in values))


def examples() -> dict[str, bytes]:
    image = entry("image/encoded", texts(b"\xff\xd8\xff")) + entry("image/height", int64s(480))
    unpacked = field(3, b"\x08\x01\x08\x02" + field(1, b"\x03\x04"))
    return {
        "empty": b"",
        "features": field(1, image + entry("box", floats(0.0, 0.25, 1.0)) + entry("none", b"") + entry("", int64s())),
        "unpacked": field(
            1, entry("a", unpacked) + entry("b", field(2, b"\x0d\0\0\x80\x3f" + field(1, b"\0\0\xc0\x7f")))
        ),
        "twice": field(1, entry("a", int64s(1)) + entry("a", texts(b"last"))) + field(1, entry("b", int64s(-1))),
        "unsorted": field(1, b"".join(entry(key, int64s(n)) for n, key in enumerate(("z", "b", "a/b", "a", "m")))),
        "unknown": b"\x20\x05" + field(1, entry("a", int64s(7)) + b"\x2b\x08\x01\x2c") + b"\x1d\1\2\3\4",
        "not utf-8": field(1, field(1, field(1, b"\xff\xfe") + field(2, int64s(1)))),
        "long varint": field(1, entry("a", field(3, field(1, b"\xff" * 9 + b"\x01")))),
        "length beyond the end": b"\x0a\xff\xff\xff\xff\x07abc",
    }


def sequences() -> dict[str, bytes]:
    context = field(1, entry("id", texts(b"video")) + entry("length", int64s(2)))
    steps = field(1, int64s(1, 2)) + field(1, int64s()) + field(1, floats(0.5)) + field(1, b"")
    lists = field(2, field(1, field(1, b"frames") + field(2, steps)) + field(1, field(1, b"none") + field(2, b"")))
    return {
        "empty": b"",
        "context": context,
        "lists": context + lists,
        "lists twice": lists + context + lists,
        "list without key": field(2, field(1, field(2, steps))),
    }


def conditions() -> dict[str, bytes]:
    """A condition and, in the next line, what it is asked of."""
    values = entry("n", int64s(-(2**63), 3, 2**63 - 1)) + entry("f", floats(0.1, float("nan"), float("inf"), -0.0))
    values += entry("t", texts(b"cat", b"a b.jpg", b"\xff", b"3")) + entry("unset", b"") + entry("empty", int64s())
    example, sequence = field(1, values), sequences()["lists"]
    rows = {
        "present": ("n", example),
        "absent": ("!empty", example),
        "no such key": ("!none", example),
        "integer": ("n=3", example),
        "beyond 64 bits": ("n<=9223372036854775808", example),
        "fraction of integers": ("n>2.5", example),
        "float": ("f = 0.1", example),
        "not a number": ("f=nan", example),
        "infinite": ("f>=inf", example),
        "text": ("t==a b.jpg", example),
        "number as text": ("t!=3", example),
        "pattern": ("t~=*.jp[eg]", example),
        "length": ("len(t)>=4", example),
        "unset": ("unset!=1", example),
        "steps": ("frames=0.5", sequence),
        "steps of a list": ("len(frames)=3", sequence),
        "context": ("id=video", sequence),
        "first character": ("=1", example),
        "no value": ("n=", example),
        "no number": ("n>x", example),
        "no pattern": ("t~=[", example),
        "no length": ("len(n)=x", example),
        "length of nothing": ("len( )>=4", example),
        "nothing": ("", example),
    }
    return {name: text.encode() + b"\n" + payload for name, (text, payload) in rows.items()}


def detections() -> dict[str, bytes]:
    """Examples as they are converted to, good and not so good."""
    corners = [
        entry(f"image/object/bbox/{name}", floats(at)) for name, at in zip(("xmin", "ymin"), (0.1, 0.2), strict=True)
    ]
    corners += [
        entry(f"image/object/bbox/{name}", floats(at)) for name, at in zip(("xmax", "ymax"), (0.5, 1.0), strict=True)
    ]
    classes = entry("image/object/class/label", int64s(1)) + entry("image/object/class/text", texts(b"dog"))
    image = entry("image/encoded", texts(pictures()["png-L"])) + entry("image/format", texts(b"png"))
    size = entry("image/height", int64s(8)) + entry("image/width", int64s(10)) + entry("image/source_id", texts(b"1"))
    swapped = entry("image/object/bbox/xmin", floats(0.9)) + entry("image/object/bbox/xmax", floats(0.1, 0.2))
    return {
        "good": field(1, image + size + b"".join(corners) + classes),
        "bad boxes": field(1, image + size + swapped + entry("image/object/class/label", int64s(0))),
        "wrong kinds": field(1, entry("image/encoded", int64s(1)) + entry("image/height", texts(b"480"))),
        "sequence": sequences()["lists"],
        "text": b"no Example",
    }


def pictures() -> dict[str, bytes]:
    found = {}

    def keep(name: str, mode: str, **options: object) -> None:
        out = io.BytesIO()
        size = (10, 8)
        Image.new(mode, size).save(out, name.split("-")[0], **options)
        found[name] = out.getvalue()

    exif = Image.Exif()
    exif[0x0112] = 6
    keep("jpeg", "RGB")
    keep("jpeg-grey", "L")
    keep("jpeg-cmyk", "CMYK")
    keep("jpeg-progressive", "RGB", progressive=True, exif=exif)
    for mode in ("RGB", "RGBA", "P", "L", "LA", "1", "I;16"):
        keep(f"png-{mode.replace(';', '')}", mode)
    keep("gif", "P")
    keep("bmp", "RGB")
    keep("bmp-P", "P")
    keep("webp", "RGB")
    keep("webp-lossless", "RGBA", lossless=True, exif=exif)
    keep("tiff", "RGB")
    keep("tiff-lzw", "L", compression="tiff_lzw")
    keep("avif", "RGB")
    found["text"] = b"no image at all"
    return found


def frames() -> dict[str, bytes]:
    good = b"".join(map(frame, (b"one", b"", bytes(range(256)) * 2, b"four")))
    bad_payload = bytearray(good)
    bad_payload[14] ^= 1
    bad_length = bytearray(good)
    bad_length[3 + 16] ^= 4
    huge = struct.pack("<Q", 2**63)
    members = gzip.compress(good[:19], mtime=0) + gzip.compress(good[19:], mtime=0)
    return {
        "empty": b"",
        "good": good,
        "cut in a header": good + good[:7],
        "cut in a payload": good[:-6],
        "bad payload": bytes(bad_payload),
        "bad length": bytes(bad_length),
        "huge length": huge + masked(huge) + b"abc",
        "gzip": gzip.compress(good, mtime=0),
        "gzip, two members": members,
        "gzip, no trailer": gzip.compress(good, mtime=0)[:-8],
        "zlib": zlib.compress(good),
        "zlib, bad sum": zlib.compress(good)[:-1] + b"!",
        "zlib, then more": zlib.compress(good) + zlib.compress(good),
        "text": b"this is no record at all, but long enough",
    }


VOC = """<annotation>
  <folder>images</folder><filename>a.jpg</filename>
  <size><width>640</width><height>480</height><depth>3</depth></size>
  <object>
    <name>dog</name><pose>Left</pose><truncated>1</truncated><difficult>0</difficult>
    <bndbox><xmin>10</xmin><ymin>20.5</ymin><xmax>30</xmax><ymax>40</ymax></bndbox>
  </object>
</annotation>
"""


def vocs() -> dict[str, bytes]:
    polygon = "<polygon><x1>1</x1><y1>2</y1><x2>3</x2><y2>4</y2><x3>5</x3><y3>6</y3></polygon>"
    attributes = "<attributes><attribute><name>colour</name><value>red</value></attribute></attributes>"
    return {
        "plain": VOC.encode(),
        "bom": b"\xef\xbb\xbf" + VOC.encode(),
        "utf-16": VOC.encode("utf-16"),
        "latin 1": b"<?xml version='1.0' encoding='ISO-8859-1'?>" + VOC.replace("dog", "B\xe4r").encode("latin-1"),
        "polygon": VOC.replace("</bndbox>", f"</bndbox>{polygon}{attributes}").encode(),
        "entities": b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + VOC.replace("dog", "&b;&amp;&#x41;").encode(),
        "bare ampersand": VOC.replace("dog", "cat & dog").encode(),
        "cut": VOC[:200].encode(),
        "upper case": VOC.replace("bndbox", "BNDBOX").encode(),
        "empty": b"",
        "no object": b"<annotation><filename>b.png</filename></annotation>",
        "not a number": VOC.replace("20.5", "nan").encode(),
    }


COCO = """{"images": [{"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}, {"id": 2, "file_name": "b.png"}],
"annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2.5, 30, 4e1], "area": 7.25, "iscrowd": 0,
"segmentation": [[1, 2, 30, 2, 30, 40], [5, 5, 6, 6, 7, 5]], "attributes": {"occluded": true, "colour": "red"}}],
"categories": [{"id": 3, "name": "cat", "supercategory": "animal", "keypoints": ["nose"], "skeleton": [[1, 1]]}]}
"""


def cocos() -> dict[str, bytes]:
    mask = '{"size": [3, 4], "counts": "2333"}'
    polygons = "[[1, 2, 30, 2, 30, 40], [5, 5, 6, 6, 7, 5]]"
    return {
        "plain": COCO.encode(),
        "bom": b"\xef\xbb\xbf" + COCO.encode(),
        "one line": COCO.replace("\n", "").encode(),
        "mask": COCO.replace(polygons, mask).encode(),
        "runs": COCO.replace(polygons, '{"counts": [2, 3, 7], "size": [3, 4]}').encode(),
        "keypoints": COCO.replace('"iscrowd": 0', '"keypoints": [1, 2, 2], "num_keypoints": 1').encode(),
        "not a number": COCO.replace("7.25", "NaN").encode(),
        "no box": COCO.replace('"bbox": [1, 2.5, 30, 4e1], ', "").encode(),
        "caption": COCO.replace('"category_id": 3', '"caption": "a cat"').encode(),
        "panoptic": COCO.replace(
            '"category_id": 3', '"segments_info": [{"id": 1, "category_id": 3, "bbox": [0, 0, 1, 1]}]'
        ).encode(),
        "escapes": COCO.replace('"cat"', '"\\u0063\\ud83d\\ude00\\"]}"').encode(),
        "twice": (COCO.rstrip()[:-1] + ', "annotations": null, "images": []}').encode(),
        "latin 1": COCO.replace('"cat"', '"B\xe4r"').encode("latin-1"),
        "strings": COCO.replace('"id": 1', '"id": "x"').encode(),
        "empty": b"",
        "deep": b'{"images": ' + b"[" * 300,
        "cut": COCO[:150].encode(),
    }


def tables() -> dict[str, bytes]:
    head = "filename,width,height,class,xmin,ymin,xmax,ymax\n"
    return {
        "plain": f"{head}a.jpg,640,480,dog,1,2,30,40\na.jpg,640,480,cat,5,6,7,8\nb.jpg,10,10,dog,0,0,10,10\n".encode(),
        "semicolons": head.replace(",", ";").encode() + b"a.jpg;640;480;dog;1;2;30;40\n",
        "tabs, crlf, bom": b"\xef\xbb\xbf"
        + head.replace(",", "\t").replace("\n", "\r\n").encode()
        + b"a\t1\t2\tx\t0\t0\t1\t1",
        "aliases": b"img_fName,img_w,img_h,class_label,bbx_xtl,bbx_ytl,bbx_xbr,bbx_ybr\na.jpg,9,9,x,1,2,3,4\n",
        "normalised": f"{head}a.jpg,640,480,dog,0.1,0.2,0.3,0.4\n".encode(),
        "quotes": f'{head}"a, b.jpg",640,480,"do""g",1,2,3,4\n"c\nd.jpg",1,1,x,0,0,1,1\n'.encode(),
        "negatives": f"{head}a.jpg,640,480,,,,,\n".encode(),
        "bad rows": f"{head}a.jpg,640\nb.jpg,x,y,z,1,2,3,4\nc.jpg,1,1,x,nan,inf,-1,1e999\n".encode(),
        "latin 1": f"{head}a.jpg,640,480,B\xe4r,1,2,3,4\n".encode("latin-1"),
        "empty": b"",
        "header only": head.encode(),
    }


def lists_of_lines() -> dict[str, bytes]:
    """The first byte is the format's place in `TEXTS` of tests/rust/properties.rs."""
    plain = [
        (
            "path: x\ntrain: [images, a.txt]\nval:\nnc: 2\nnames: {0: cat, 1: 'no'}\n"
            "kpt_shape: [2, 3]\nkpt_names: {0: [a, b]}\n"
        ),
        "0 0.1 0.2 0.5 0.2 0.5 0.75\n1 0.3 0.5 0.4 0.66\n0 0.3 0.5 0.4 0.66 0.5\n",
        "0 0.25 0.1 0.5 0.3 0.375 0.5 0.125 0.25\n0 0.25 0.1 0.5 0.3 0.375 0.5 0.125 0.25 7\n",
        "0 0.3 0.5 0.4 0.66 0.25 0.5 2 0.5 0.75 1 0 0 0\n",
        "0 0.3 0.5 0.4 0.66\r\n 0.0\t.5 .5  1 1\n",
        "classes = 2\ntrain = data/train.txt\nvalid = ../../x.txt\nnames = data/obj.names\n",
        "imagesource:x\ngsd:0.1\n1 2 3 4 5 6 7 8 small ship 1\n",
        "1 2 3 4 5 6 7 8 ship 0\n1 2 3 4 5 6 7 8 ship\n",
        (
            "Car 0.42 2 -1.58 4 5 20 25 1.6 1.6 3.6 -0.6 1.7 46.7 -1.5 0.5\n"
            "DontCare -1 -1 -10 1 2 3 4 -1 -1 -1 -1000 -1000 -1000 -10\n"
        ),
        "Traffic light 1 2 3 4\n",
        "a.jpg 1,2,3,4,0 5,6,7,8,1\nx y/b.png\n",
        "a.jpg\n1\n1 2 3 4 0 0 0 0 2 0\nb.png\n0\n0 0 0 0 0 0 0 0 0 0\n",
        '"a.jpg" 0 3\nimages/c.jpg 1\n',
        "1,1,4,5,16,20,1,1,0.25\n2,-1,4,5,16,20,0.5,-1,-1,-1\n",
        'a.jpg,1,2,3,4,"a, cat"\nb.png,,,,,\n',
        "TRAIN,gs://x/a.jpg,cat,0.1,0.2,,,0.5,0.9,,\nb.png,cat,0.1,0.2,0.5,0.2,0.5,0.9,0.1,0.9\nTEST,a.jpg,x,y\n",
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded\na,xclick,/m/0,1,0.1,0.5,0.2,0.9,-1\n",
        'image_id,width,height,bbox,source\na,40,30,"[1, 2, 3, 4]",x\nb,40,30,,\n',
        "ImageId,width,height,EncodedPixels\na.jpg,40,30,1 2 36 5 66 5\nb.png,40,30,\n",
        'a.jpg 1 2 3 4 0 "car" "Red"\n',
        "filename, cat, dog\na.jpg, 1, 0\nb.png, 0, 0\n",
    ]
    seeds = {f"{place:02}": bytes([place]) + text.encode() for place, text in enumerate(plain)}
    seeds |= {
        "yaml aliases": b"\x00a: &a [x, x]\nnames: [*a, *a]\ntrain: *a\n",
        "yaml deep": b"\x00names: " + b"[" * 200,
        "pairs": b"\x14id,label\na,cat\nb,\n",
        "box without end": b"\x0ba.jpg\n1\n1e308 1 1e308 1\n",
        "runs beyond": b"\x12ImageId,width,height,EncodedPixels\na.jpg,4294967295,4294967295,1 18446744073709551615\n",
        "latin 1": b"\x09B\xe4r 1 2 3 4\n",
        "empty": b"\x0d",
    }
    return seeds


def label_images() -> dict[str, bytes]:
    """Pictures of classes, in every mode, and such as are cut or no picture."""
    seeds = {}
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = Image.new("I" if mode == "I;16" else mode, (9, 5))
        if mode == "P":
            image.putpalette(bytes(range(48)))
        for place in range(0, 45, 7):
            value = {"1": 1, "L": 200, "P": 3, "I;16": 3000}.get(mode, (9, 8, 7, 6)[: len(image.getbands())])
            image.putpixel((place % 9, place // 9), value)
        out = io.BytesIO()
        (image.convert(mode) if mode == "I;16" else image).save(out, "PNG")
        seeds[mode.lower().replace(";", "")] = out.getvalue()
    seeds["palette of 4 bits"] = _saved(Image.new("P", (7, 3), 1), bits=4)
    seeds["cut"] = seeds["rgb"][:50]
    seeds["size of 2 to the 31"] = seeds["l"][:16] + b"\x7f\xff\xff\xff" * 2 + seeds["l"][24:]
    seeds["no picture"] = b"GIF89a"
    return seeds


def _saved(image: Image.Image, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


def label_maps() -> dict[str, bytes]:
    return {
        "plain": b"item {\n  id: 1\n  name: 'raccoon'\n}\nitem {\n  id: 90\n  name: \"tooth brush\"\n}\n",
        "commas": b'item {\n    name: "a",\n    id: 1,\n    display_name: "A"\n}',
        "one line": b"item { name: 'it\\'s' id: 2 } item { id: 3 name: \"\\303\\244\" } # comment\n",
        "angle brackets": b"item < id: 1 name: 'x' >",
        "colon before brace": b"item: { id: 1; name: 'x'; keypoints { id: 1 label: 'nose' } }",
        "csv": b"1,raccoon\n2,dog\n",
        "id 0": b"item { id: 0 name: 'background' } item { id: 1 name: 'x' }",
        "twice": b"item { id: 1 name: 'x' } item { id: 1 name: 'y' }",
        "open": b"item { id: 1 name: 'x",
        "json": b'{"raccoon": 1, "dog": 2}',
        "empty": b"",
    }


def labellings() -> dict[str, bytes]:
    """The fixtures' annotations, each behind the number of its format in `TOOLS` of the properties."""
    tests = SEEDS.parent.parent
    source = (tests / "rust/properties.rs").read_text()
    tools = re.findall(
        r'^    \("([a-z0-9-]+)", "([^"]+)"\),$', source.split("pub const TOOLS")[1].split("];")[0], re.MULTILINE
    )
    seeds = {}
    for number, (form, name) in enumerate(tools):
        kind = Path(name).suffix
        alike = {".jsonl": (".jsonl", ".ndjson", ".manifest"), ".json": (".json", ".labels", ".vott")}.get(
            kind, (kind,)
        )
        for case in sorted(path for path in (tests / "data/formats" / form).iterdir() if path.is_dir())[:6]:
            files = [path for path in sorted(case.glob("input/**/*")) if path.suffix in alike]
            if files and files[0].stat().st_size < 8192:
                seeds[f"{form} {kind[1:]} {case.name}"] = bytes([number]) + files[0].read_bytes()
    return seeds


def indexes() -> dict[str, bytes]:
    return {
        "plain": b"0 19\n19 16\n35 528\n",
        "no end of line": b"0 19\n19 16",
        "crlf and blanks": b"0  19 \r\n19\t16\r\n\r\n",
        "overlap": b"0 19\n5 16\n",
        "too small": b"0 15\n",
        "huge": b"18446744073709551615 18446744073709551615\n99999999999999999999 16\n",
        "negative": b"-1 16\n",
        "words": b"offset size\n",
        "empty": b"",
        "binary": sealed([0, 19, 35, 563]),
        "binary of nothing": sealed([0]),
        "binary of two blocks": sealed(list(range(0, 16 * 8194, 16))),
        "binary with a gap in it": sealed([0, 19, 20, 563]),
        "binary with a wrong sum": sealed([0, 19])[:-1] + b"!",
        "binary of too many": sealed([0, 19], records=1 << 40, size=1 << 60),
        "binary of another version": sealed([0, 19], version=2),
    }


def sealed(offsets: list[int], *, records: int | None = None, size: int | None = None, version: int = 1) -> bytes:
    """A binary index, docs/index-form.md, with sums that are right."""
    count = len(offsets) - 1 if records is None else records
    head = b"\x89RMX\r\n\x1a\n" + struct.pack("<IIQQI", version, 7, offsets[-1] if size is None else size, count, 9)
    body = struct.pack(f"<{len(offsets)}Q", *offsets)
    blocks = [body[start : start + 65536] for start in range(0, len(body), 65536)]
    return (
        head + struct.pack("<I", crc32c(head)) + body + b"".join(struct.pack("<I", crc32c(block)) for block in blocks)
    )


def archives() -> dict[str, bytes]:
    """Zips and tars with fixed times, so that they are the same each time."""
    files = {"train/a.xml": b"<annotation/>" * 20, "train/a.jpg": bytes(range(200)), "../up.jpg": b"up"}

    def zipped(method: int) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in files.items():
                info = zipfile.ZipInfo(name)
                info.compress_type = method
                archive.writestr(info, data)
        return out.getvalue()

    def tarred(form: int) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as archive:
            for name, data in {**files, "long/" * 30 + "a.jpg": b"long"}.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            for kind, name, target in [
                (tarfile.LNKTYPE, "hard.jpg", "train/a.jpg"),
                (tarfile.SYMTYPE, "train/soft.jpg", "../train/a.jpg"),
                (tarfile.SYMTYPE, "circle.jpg", "circle.jpg"),
            ]:
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, target
                archive.addfile(info)
        used = out.getvalue().rstrip(b"\0")
        return used + bytes(-len(used) % 512 + 1024)

    return {
        "stored.zip": zipped(zipfile.ZIP_STORED),
        "deflated.zip": zipped(zipfile.ZIP_DEFLATED),
        "bzip2.zip": zipped(zipfile.ZIP_BZIP2),
        "pax.tar": tarred(tarfile.PAX_FORMAT),
        "gnu.tar": tarred(tarfile.GNU_FORMAT),
        "packed.tar.gz": gzip.compress(tarred(tarfile.GNU_FORMAT), mtime=0),
    }


def column_plans() -> dict[str, bytes]:
    return {
        "empty": b"",
        "one of each": bytes([3, 0, 1, 2, 3, *range(40)]),
        "ragged": bytes([5, 4, 5, 6, 0xFF, *range(60)]),
        "no rows": bytes([0, 0, 1]),
        "much": bytes(range(256)),
    }


def texts_of_tables() -> dict[str, bytes]:
    csv, tsv, lines, sequence = b"\x00", b"\x01", b"\x02", b"\x82"
    return {
        "plain": csv + b'id,name,x,flag\n1,"a, ""b""",0.5,true\n2,,nan,False\n-3,"c\nd",1e38,\n',
        "lists": csv + b'l,m,z\n"[1,2]","[[0.5],[]]",007\n[],[],+5\n,"[[1]]",\n',
        "large": csv + b"a,b\n9223372036854775807,1e300\n9223372036854775808,-inf\n",
        "cut": csv + b'a,b\n1\n"open',
        "tabs": tsv + b"\xef\xbb\xbfa\tb\r\n1\tx\r\n\t\xff\r\n",
        "json": lines
        + b'{"a": 1, "s": "\\u00e9", "l": [1, 2.5], "e": []}\n\n{"b": true, "a": null}\n{"a": 3, "a": 4}\n',
        "objects": lines + b'{"p": {"x": 1, "q": {"y": "z"}}, "p/x": 2}\n{"p": null}\n',
        "refused": lines + b'{"a": 1}\n{"a": "x"}\n{"a": [null]}\n{"a": 18446744073709551615}\n',
        "deep": lines + b'{"a": ' + b"[" * 140 + b"]" * 140 + b"}\n",
        "sequences": sequence
        + b'{"id": 1, "w": [[1], [], [2, 3]], "t": ["a", "b"]}\n{"w": [], "t": []}\n{"w": [[]]}\n',
        "gzip": csv + gzip.compress(b"a,b\n1,2\n", mtime=0),
    }


def binary_tables() -> dict[str, bytes]:
    """As pyarrow and numpy write them, small."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "n": [1, None, -3],
            "s": ["a", "", None],
            "l": pa.array([[0.5, 1.5], [], None], pa.list_(pa.float32())),
            "b": [True, None, False],
            "t": pa.array([1, 2, None], pa.timestamp("us")),
        }
    )
    nested = pa.table({"m": [[[1], []], [], None], "g": [{"x": 1, "y": "z"}, None, {"x": None, "y": ""}]})

    def written(table: pa.Table, **options) -> bytes:
        out = io.BytesIO()
        pq.write_table(table, out, **options)
        return out.getvalue()

    def arrow(table: pa.Table, make=pa.ipc.new_file, **options) -> bytes:
        out = io.BytesIO()
        with make(out, table.schema, **options) as writer:
            writer.write_table(table)
        return out.getvalue()

    def arrays(**arrays) -> bytes:
        out = io.BytesIO()
        np.savez(out, **arrays)
        return out.getvalue()

    return {
        "plain": written(table, compression="none", use_dictionary=False),
        "snappy": written(table),
        "pages 2, zstd": written(table, data_page_version="2.0", compression="zstd"),
        "groups, gzip": written(table, row_group_size=1, compression="gzip"),
        "delta": written(
            table.select(["n", "s"]),
            use_dictionary=False,
            column_encoding={"n": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY"},
        ),
        "nested": written(nested, compression="lz4"),
        "arrow, file": arrow(table),
        "arrow, lz4": arrow(table, options=pa.ipc.IpcWriteOptions(compression="lz4")),
        "arrow, dictionaries": arrow(pa.table({"d": pa.array(["a", None, "a"]).dictionary_encode(), "n": [1, 2, 3]})),
        "arrow, stream": arrow(nested, make=pa.ipc.new_stream),
        "npz": arrays(a=np.arange(3), f=np.zeros((3, 2), ">f8"), s=np.array(["x", "", "yz"])),
        "npz, ragged": arrays(r=np.arange(3, dtype=np.float32), **{"r.row_splits": np.array([0, 2, 3])}),
    }


def main() -> None:
    """Writes them all."""
    made = {
        "archive": archives(),
        "coco": cocos(),
        "columns": column_plans(),
        "condition": conditions(),
        "csv": tables(),
        "example_decode": examples(),
        "image_header": pictures(),
        "index": indexes(),
        "inspect": detections() | {f"file-{name}": data for name, data in frames().items()},
        "label_image": label_images(),
        "label_map": label_maps(),
        "labelling": labellings(),
        "record_frames": frames(),
        "sequence_decode": sequences(),
        "table_binary": binary_tables(),
        "table_text": texts_of_tables(),
        "text_formats": lists_of_lines(),
        "voc_xml": vocs(),
    }
    for target, seeds in made.items():
        folder = SEEDS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (folder / name.replace(" ", "-").replace(",", "")).write_bytes(data)


if __name__ == "__main__":
    main()
