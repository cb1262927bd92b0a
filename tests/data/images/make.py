"""Makes the images of this folder and `expected.tsv`, what each of them is.

Needs Pillow; checks its own table against it: Pillow opens each file and must find the size, the orientation and the
channels that the table says. With `--tensorflow`, `tf.io.decode_image` must decode exactly those files of which the
table says so, as (height, width, channels), and give Pillow's pixels; and of each file, exactly those prefixes that
have the bytes which the table says it needs (a few kinds carry bytes behind the image).

    python tests/data/images/make.py [--tensorflow]
"""

import io
import struct
import sys
import warnings
from pathlib import Path

from PIL import Image, features
from PIL.TiffImagePlugin import ImageFileDirectory_v2

HERE = Path(__file__).parent
W, H = 23, 14
ORIENTATION = 0x0112
CHANNELS = {"1": 1, "L": 1, "I;16": 1, "I;16B": 1, "LA": 2, "P": 3, "RGB": 3, "YCbCr": 3, "RGBA": 4, "CMYK": 4}
NOT_FOR_PILLOW = {
    "lossless-frame.jpg": "made by hand: no decoder takes it",
    "big-endian-wide.tiff": "Pillow 13 looks for BigTIFF's 43 in the byte where only little-endian files have it",
}

rows: list[tuple[str, str, int, int, int, int, int, int, int]] = []


def drawing(mode: str = "RGB", width: int = W, height: int = H) -> Image.Image:
    """Three ramps with a corner of their own, so that a turn or a swap of channels shows."""
    image = Image.new("RGB", (width, height))
    pixels = [
        (x * 255 // width, y * 255 // height, 255 if x < 4 and y < 4 else 40)
        for y in range(height)
        for x in range(width)
    ]
    image.putdata(pixels)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.linear_gradient("L").resize((width, height)))
    return image.convert(mode)


def exif(orientation: int, more: bool = False) -> bytes:
    block = Image.Exif()
    block[ORIENTATION] = orientation
    if more:
        block[0x010F] = "a maker"
        block.get_ifd(0x8769).update({0x9003: "2020:01:01 00:00:00", 0x927C: bytes(range(200))})
        block.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0, 3.0)})
    return block.tobytes()


def keep(
    name: str,
    data: bytes,
    kind: str,
    channels: int,
    depth: int = 8,
    turn: int = 1,
    tf: int = 0,
    size: tuple[int, int] = (W, H),
    behind: int = 0,
) -> None:
    """`behind`: bytes after the end of the image."""
    (HERE / name).write_bytes(data)
    rows.append((name, kind, *size, channels, depth, turn, tf, len(data) - behind))


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def jpeg() -> None:
    rgb = drawing()
    keep("rgb.jpg", saved(rgb, "JPEG"), "jpeg", 3, tf=1)
    keep("grey.jpg", saved(drawing("L"), "JPEG"), "jpeg", 1, tf=1)
    keep("cmyk.jpg", saved(drawing("CMYK"), "JPEG"), "jpeg", 4, tf=1)
    keep("progressive.jpg", saved(rgb, "JPEG", progressive=True), "jpeg", 3, tf=1)
    keep("progressive-grey.jpg", saved(drawing("L"), "JPEG", progressive=True), "jpeg", 1, tf=1)
    keep("444.jpg", saved(rgb, "JPEG", subsampling=0, quality=98), "jpeg", 3, tf=1)
    keep("restart.jpg", saved(rgb, "JPEG", restart_marker_blocks=1), "jpeg", 3, tf=1)
    keep("optimised.jpg", saved(rgb, "JPEG", optimize=True), "jpeg", 3, tf=1)
    keep(
        "comment-icc.jpg",
        saved(rgb, "JPEG", comment=b"\xff\xd9 in a comment", icc_profile=bytes(3000)),
        "jpeg",
        3,
        tf=1,
    )
    keep("one-pixel.jpg", saved(drawing(width=1, height=1), "JPEG"), "jpeg", 3, tf=1, size=(1, 1))
    keep("wide.jpg", saved(drawing(width=3000, height=1), "JPEG"), "jpeg", 3, tf=1, size=(3000, 1))
    for turn in range(1, 9):
        keep(f"exif-{turn}.jpg", saved(rgb, "JPEG", exif=exif(turn, more=turn == 6)), "jpeg", 3, turn=turn, tf=1)
    keep("exif-9.jpg", saved(rgb, "JPEG", exif=exif(9)), "jpeg", 3, tf=1)
    keep(
        "exif-big-endian.jpg",
        saved(rgb, "JPEG", exif=b"Exif\0\0" + folder(">", [(ORIENTATION, 3, 5)])),
        "jpeg",
        3,
        turn=5,
        tf=1,
    )
    keep("exif-thumbnail.jpg", with_thumbnail(rgb), "jpeg", 3, turn=6, tf=1)
    keep("exif-broken.jpg", saved(rgb, "JPEG", exif=exif(3)[:-5]), "jpeg", 3, tf=1)
    keep("xmp-then-exif.jpg", saved(rgb, "JPEG", xmp=b"<x:xmpmeta/>", exif=exif(8)), "jpeg", 3, turn=8, tf=1)
    whole = saved(rgb, "JPEG")
    keep("trailing.jpg", whole + b"SEFT\0trailer of a phone" * 4, "jpeg", 3, tf=1, behind=92)
    two = saved(rgb, "MPO", save_all=True, append_images=[drawing()])
    keep("two-pictures.jpg", two, "jpeg", 3, tf=1, behind=len(two) - two.rindex(b"\xff\xd8\xff"))
    keep(
        "fill-bytes.jpg", whole[:2] + b"\xff\xff\xff" + whole[2:-2] + b"\xff\xff\xff\xff" + whole[-2:], "jpeg", 3, tf=1
    )
    frame = whole.index(b"\xff\xc0")
    keep("lossless-frame.jpg", whole[: frame + 1] + b"\xc3" + whole[frame + 2 :], "jpeg", 3)


def with_thumbnail(image: Image.Image) -> bytes:
    """A whole JPEG inside the Exif of a JPEG: its end marker must not be taken for the outer one's."""
    small = saved(image.resize((8, 5)), "JPEG", quality=20)
    first = folder("<", [(ORIENTATION, 3, 6)])[:-4] + struct.pack("<I", 26)
    second = folder("<", [(0x0201, 4, 26 + 30), (0x0202, 4, len(small))])[8:]
    return saved(image, "JPEG", exif=b"Exif\0\0" + first + second + small)


def folder(order: str, tags: list[tuple[int, int, int]]) -> bytes:
    """A TIFF of one folder, each tag of one value: (tag, type, value)."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    entries = [
        struct.pack(order + "HHI", tag, kind, 1) + struct.pack(order + ("H2x" if kind == 3 else "I"), value)
        for tag, kind, value in tags
    ]
    return head + struct.pack(order + "H", len(tags)) + b"".join(entries) + struct.pack(order + "I", 0)


def png() -> None:
    modes = {"1": (1, 1), "L": (1, 8), "LA": (2, 8), "RGB": (3, 8), "RGBA": (4, 8)}
    for mode, (channels, depth) in modes.items():
        keep(f"{mode.lower()}.png", saved(drawing(mode), "PNG"), "png", channels, depth, tf=1)
    grey16 = Image.frombytes("I;16", (W, H), b"".join(struct.pack("<H", n * 199 % 65536) for n in range(W * H)))
    keep("i16.png", saved(grey16, "PNG"), "png", 1, 16, tf=1)
    for bits in (1, 2, 4, 8):
        palette = drawing().quantize(1 << bits)
        keep(f"palette-{bits}.png", saved(palette, "PNG", bits=bits), "png", 3, bits, tf=1)
    keep("palette-transparent.png", saved(drawing().quantize(16), "PNG", bits=4, transparency=3), "png", 4, 4, tf=1)
    keep("colour-transparent.png", saved(drawing(), "PNG", transparency=(0, 0, 40)), "png", 4, tf=1)
    keep("grey-transparent.png", saved(drawing("L"), "PNG", transparency=7), "png", 2, tf=1)
    for turn in range(1, 9):
        keep(f"exif-{turn}.png", saved(drawing("L"), "PNG", exif=exif(turn)), "png", 1, turn=turn, tf=1)
    frames = [drawing().rotate(90), drawing().rotate(180)]
    keep("animated.png", saved(drawing(), "PNG", save_all=True, append_images=frames), "png", 3, tf=1)
    keep("trailing.png", saved(drawing(), "PNG") + b"trailing", "png", 3, tf=1, behind=8)
    keep("named-jpeg-is-png.jpg", saved(drawing(), "PNG"), "png", 3, tf=1)


def gif() -> None:
    keep("palette.gif", saved(drawing().quantize(16), "GIF"), "gif", 3, behind=1)
    keep("grey.gif", saved(drawing("L"), "GIF"), "gif", 3, behind=1)
    keep("transparent.gif", saved(drawing().quantize(16), "GIF", transparency=3), "gif", 4, behind=1)
    keep("comment.gif", saved(drawing().quantize(4), "GIF", comment=b"x" * 700), "gif", 3, behind=1)
    frames = [drawing().rotate(90).quantize(16), drawing().rotate(180).quantize(16)]
    moving = saved(drawing().quantize(16), "GIF", save_all=True, append_images=frames, loop=0)
    second = moving.index(b"\x21\xf9", moving.index(b"\x2c\0\0\0\0"))
    keep("animated.gif", moving, "gif", 3, behind=len(moving) - second)


def bmp() -> None:
    keep("rgb.bmp", saved(drawing(), "BMP"), "bmp", 3, tf=1)
    keep("rgba.bmp", saved(drawing("RGBA"), "BMP"), "bmp", 4, tf=1)
    keep("grey.bmp", saved(drawing("L"), "BMP"), "bmp", 1, tf=1)
    keep("palette.bmp", saved(drawing().quantize(200), "BMP"), "bmp", 3)
    keep("1-bit.bmp", saved(drawing("1"), "BMP"), "bmp", 1, 1)
    row = (W * 3 + 3) // 4 * 4
    pixels = saved(drawing(), "BMP")[54:]
    info = struct.pack("<IiiHHIIiiII", 40, W, -H, 1, 24, 0, 0, 0, 0, 0, 0)
    flipped = b"".join(pixels[y * row : (y + 1) * row] for y in reversed(range(H)))
    keep("top-down.bmp", bmp_file(info, flipped), "bmp", 3, tf=1)
    keep("core.bmp", bmp_file(struct.pack("<IHHHH", 12, W, H, 1, 24), pixels), "bmp", 3)
    keep(
        "edition-5.bmp",
        bmp_file(struct.pack("<I", 124) + info[4:8] + struct.pack("<i", H) + info[12:] + bytes(84), pixels),
        "bmp",
        3,
        tf=1,
    )
    keep("trailing.bmp", bmp_file(info, flipped) + b"\0\0", "bmp", 3, behind=2)
    red = struct.pack("<H", 31 << 10)
    wide = (W * 2 + 3) // 4 * 4
    info16 = struct.pack("<IiiHHIIiiII", 40, W, H, 1, 16, 0, 0, 0, 0, 0, 0)
    keep("16-bit.bmp", bmp_file(info16, (red * W).ljust(wide, b"\0") * H), "bmp", 3, 5)
    runs = bytes([W, 1, 0, 0]) * (H - 1) + bytes([W, 2, 0, 1])
    info8 = struct.pack("<IiiHHIIiiII", 40, W, H, 1, 8, 1, len(runs), 0, 0, 3, 0)
    keep("rle8.bmp", bmp_file(info8, runs, bytes([9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 9, 0])), "bmp", 3)
    masks = struct.pack("<III", 255 << 24, 255 << 16, 255 << 8)
    info32 = struct.pack("<IiiHHIIiiII", 40, W, H, 1, 32, 3, W * H * 4, 0, 0, 0, 0)
    keep("masks-rgb.bmp", bmp_file(info32, bytes([0, 0, 90, 200]) * (W * H), masks), "bmp", 3)


def bmp_file(info: bytes, pixels: bytes, palette: bytes = b"") -> bytes:
    offset = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + info + palette + pixels


def webp() -> None:
    keep("lossy.webp", saved(drawing(), "WEBP"), "webp", 3)
    keep("lossless.webp", saved(drawing(), "WEBP", lossless=True), "webp", 3)
    keep("lossy-alpha.webp", saved(drawing("RGBA"), "WEBP"), "webp", 4)
    keep("lossless-alpha.webp", saved(drawing("RGBA"), "WEBP", lossless=True), "webp", 4)
    for turn in range(1, 9):
        keep(f"exif-{turn}.webp", saved(drawing(), "WEBP", exif=exif(turn)), "webp", 3, turn=turn)
    frames = [drawing().rotate(90), drawing().rotate(180)]
    keep(
        "animated.webp", saved(drawing(), "WEBP", save_all=True, append_images=frames, exif=exif(3)), "webp", 3, turn=3
    )
    keep("trailing.webp", saved(drawing(), "WEBP") + b"trailing", "webp", 3, behind=8)


def tiff() -> None:
    modes = {"1": (1, 1), "L": (1, 8), "LA": (2, 8), "P": (3, 8), "RGB": (3, 8), "RGBA": (4, 8), "CMYK": (4, 8)}
    for mode, (channels, depth) in modes.items():
        image = drawing().quantize(256) if mode == "P" else drawing(mode)
        keep(f"{mode.lower()}.tiff", saved(image, "TIFF"), "tiff", channels, depth)
    for compression in ("tiff_lzw", "tiff_deflate", "jpeg", "packbits", "group4"):
        mode, depth = ("1", 1) if compression == "group4" else ("RGB", 8)
        data = saved(drawing(mode), "TIFF", compression=compression)
        # The last folder's word for "no further folder", where libtiff puts the folder at the end.
        behind = 4 if compression == "group4" else 0
        keep(f"{compression.replace('_', '-')}.tif", data, "tiff", CHANNELS[mode], depth, behind=behind)
    for turn in range(1, 9):
        tags = ImageFileDirectory_v2()
        tags[ORIENTATION] = turn
        keep(f"orientation-{turn}.tiff", saved(drawing(), "TIFF", tiffinfo=tags), "tiff", 3, turn=turn)
    keep("big.tiff", saved(drawing(), "TIFF", big_tiff=True), "tiff", 3)
    frames = [drawing("L", 5, 5)]
    pages = saved(drawing(), "TIFF", save_all=True, append_images=frames)
    keep("pages.tiff", pages, "tiff", 3, behind=len(pages) - pages.index(drawing().tobytes()) - W * H * 3)
    grey16 = Image.frombytes("I;16", (W, H), bytes(W * H * 2))
    keep("i16.tiff", saved(grey16, "TIFF"), "tiff", 1, 16)
    for order, word in (("<", 4), (">", 4), ("<", 8), (">", 8)):
        name = f"{'little' if order == '<' else 'big'}-endian-{'classic' if word == 4 else 'wide'}.tiff"
        keep(name, tiff_strips(order, word), "tiff", 3, turn=7)


def tiff_strips(order: str, word: int) -> bytes:
    """A file of strips of 5 rows, by hand, in either byte order and either edition."""
    pixels = drawing().tobytes()
    strips = [pixels[at : at + W * 3 * 5] for at in range(0, len(pixels), W * 3 * 5)]
    long, entry, count = ("I", "HHI", "H") if word == 4 else ("Q", "HHQ", "Q")
    head = 8 if word == 4 else 16
    tags = 10
    end = head + struct.calcsize("=" + count) + tags * (4 + 2 * word) + word
    bits_at, offsets_at, lens_at = end, end + 8, end + 8 + len(strips) * word
    data_at = lens_at + len(strips) * 4
    starts = [data_at + sum(map(len, strips[:n])) for n in range(len(strips))]

    def tag(number: int, kind: int, many: int, value: int) -> bytes:
        form = {3: "H", 4: "I", 16: "Q"}[kind] if many == 1 else long
        return struct.pack(order + entry, number, kind, many) + struct.pack(order + form, value).ljust(word, b"\0")

    bits = struct.pack(order + "HHH", 8, 8, 8)
    # Three shorts fit into BigTIFF's eight bytes and then stand in the entry itself.
    bits_tag = tag(258, 3, 3, bits_at) if word == 4 else struct.pack(order + entry, 258, 3, 3) + bits + b"\0\0"
    out = (b"II" if order == "<" else b"MM") + struct.pack(
        order + ("HI" if word == 4 else "HHHQ"), *((42, 8) if word == 4 else (43, 8, 0, 16))
    )
    out += struct.pack(order + count, tags)
    out += tag(256, 3, 1, W) + tag(257, 4, 1, H) + bits_tag + tag(259, 3, 1, 1) + tag(262, 3, 1, 2)
    out += tag(273, 4 if word == 4 else 16, len(strips), offsets_at) + tag(ORIENTATION, 3, 1, 7) + tag(277, 3, 1, 3)
    out += tag(278, 3, 1, 5) + tag(279, 4, len(strips), lens_at) + struct.pack(order + long, 0)
    assert len(out) == end
    out += bits.ljust(8, b"\0") + b"".join(struct.pack(order + long, start) for start in starts)
    out += b"".join(struct.pack(order + "I", len(strip)) for strip in strips)
    assert len(out) == data_at
    return out + pixels


def avif() -> None:
    options = {"speed": 10, "max_threads": 1}
    keep("rgb.avif", saved(drawing(), "AVIF", **options), "avif", 3)
    keep("rgba.avif", saved(drawing("RGBA"), "AVIF", **options), "avif", 4)
    for turn in range(1, 9):
        keep(f"exif-{turn}.avif", saved(drawing(), "AVIF", exif=exif(turn), **options), "avif", 3, turn=turn)


def check_with_pillow() -> None:
    assert len(rows) == len({row[0] for row in rows}), "a name twice"
    for name, kind, width, height, channels, _, turn, *_ in rows:
        if name in NOT_FOR_PILLOW:
            continue
        with Image.open(HERE / name) as image:
            tags = getattr(image, "tag_v2", None)
            size = (tags[256], tags[257]) if tags else image.size
            found = image.getexif().get(ORIENTATION, 1)
            samples = CHANNELS[image.mode]
            assert size == (width, height), (name, size)
            assert (found if found in range(1, 9) else 1) == turn or name == "exif-broken.jpg", (name, found)
            # Pillow keeps a transparent colour or index apart from the mode, and reads one frame of a grey GIF as grey.
            samples += "transparency" in image.info and image.mode != "RGBA"
            loose = kind == "gif" or name == "rgba.bmp"
            assert samples == channels or loose, (name, image.mode, samples)
            assert {"mpo": "jpeg"}.get(image.format.lower(), image.format.lower()) == kind, (name, image.format)


def check_with_tensorflow() -> None:
    import numpy as np
    import tensorflow as tf

    def decodes(data: bytes) -> bool:
        # It refuses WEBP that has 4 channels if 3 are wanted; and 2.21 damages its memory with "as many as there are"
        # (free(): invalid next size) on some of these prefixes.
        try:
            tf.io.decode_image(data, channels=wanted)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            return False
        return True

    for name, kind, width, height, channels, _, _, taken, needed in rows:
        wanted = 4 if kind == "webp" and channels == 4 else 3
        data = (HERE / name).read_bytes()
        if decodes(data[:needed]):
            prefixes = [n for n in range(len(data) + 1) if decodes(data[:n])]
            most = needed if kind == "bmp" else len(data)  # a BMP of more bytes than it needs is refused too
            assert prefixes == list(range(needed, most + 1)), (name, needed, prefixes)
        else:
            assert kind in ("tiff", "avif", "bmp") or name in ("lossless-frame.jpg", "animated.webp"), name
        try:
            pixels = tf.io.decode_image((HERE / name).read_bytes(), channels=3).numpy()
            right = pixels.shape == (height, width, 3)
        except tf.errors.InvalidArgumentError:
            right = False
        if right:
            with Image.open(HERE / name) as image:
                ours = image.convert("RGB")
                if image.mode == "I;16":
                    ours = Image.merge("RGB", [Image.fromarray((np.asarray(image) >> 8).astype("u1"))] * 3)
                # JPEG decoders differ a little; CMYK and alpha are turned into colours in their own ways.
                if name.endswith(".bmp") or (name.endswith(".png") and image.mode in ("RGB", "P", "L")):
                    right = bool((np.asarray(ours).astype(int) == pixels).all())
        assert right == bool(taken), (name, right)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    assert all(map(features.check, ("avif", "webp"))), "a Pillow with AVIF and WEBP is needed"
    for stale in HERE.iterdir():
        if stale.suffix != ".py":
            stale.unlink()
    for make in (jpeg, png, gif, bmp, webp, tiff, avif):
        make()
    check_with_pillow()
    if "--tensorflow" in sys.argv:
        check_with_tensorflow()
    head = "# name\tkind\twidth\theight\tchannels\tdepth\torientation\ttensorflow decodes it\tbytes needed\n"
    table = head + "".join("\t".join(map(str, row)) + "\n" for row in sorted(rows))
    (HERE / "expected.tsv").write_text(table, encoding="utf-8")
    total = sum(path.stat().st_size for path in HERE.iterdir())
    print(f"{len(rows)} images, {total:,} bytes with the table and this script")
    assert total < 300_000
