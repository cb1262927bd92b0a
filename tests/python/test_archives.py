"""A zip or tar in a folder's place: the same records to the byte, and nothing that leads outside."""

import base64
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm

from tests.python.test_cli import run

SHAPES = Path(__file__).parents[2] / "examples" / "shapes"


def records(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.tfrecord"))}


def make_zip(path: Path, source: Path, method: int = zipfile.ZIP_DEFLATED, top: str = "") -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(source.rglob("*")):
            archive.write(file, top + file.relative_to(source).as_posix())
    return path


def make_tar(path: Path, source: Path, mode: str, form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, mode, format=form) as archive:
        archive.add(source, ".")
    return path


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("expected")
    rm.convert(SHAPES, out, overwrite=True)
    found = records(out)
    assert len(found) == 2
    return found


@pytest.mark.parametrize("kind", ["stored.zip", "deflated.zip", "plain.tar", "gnu.tar", "packed.tar.gz", "odd.name"])
def test_the_same_records_as_from_the_folder(tmp_path: Path, kind: str, expected: dict[str, bytes]) -> None:
    source = tmp_path / kind
    if kind.endswith(".zip"):
        make_zip(source, SHAPES, zipfile.ZIP_STORED if kind == "stored.zip" else zipfile.ZIP_DEFLATED)
    else:
        form = tarfile.GNU_FORMAT if kind == "gnu.tar" else tarfile.PAX_FORMAT
        make_tar(source, SHAPES, "w:gz" if kind == "packed.tar.gz" else "w", form)
    report = rm.convert(source, tmp_path / "out")
    assert (report.images, report.objects) == (24, 44)
    assert records(tmp_path / "out") == expected


@pytest.mark.parametrize("kind", ["packed.zip", "packed.tar.gz"])
def test_images_inside_of_annotations_have_the_same_names_below_a_folder(tmp_path: Path, kind: str) -> None:
    """LabelMe's `imageData`: called by the image's own name, as files are, wherever the annotation lies."""
    folder, around = tmp_path / "around" / "labelme", tmp_path / "around"
    folder.mkdir(parents=True)
    for number in range(1, 4):
        shape = {"label": "square", "points": [[2, 3], [30, 40 + number]], "shape_type": "rectangle"}
        image = base64.b64encode((SHAPES / f"train/sheet-0{number}.jpg").read_bytes()).decode()
        page: dict[str, Any] = {
            "version": "5.4.1",
            "flags": {},
            "shapes": [shape],
            "imagePath": None,
            "imageData": image,
        }
        (folder / f"00000{number}.json").write_text(json.dumps(page))
    source = tmp_path / kind
    if kind.endswith(".zip"):
        make_zip(source, around)
    else:
        make_tar(source, around, "w:gz")
    outs: list[Path] = []
    for place in (folder, around, source):
        outs.append(tmp_path / f"out-{len(outs)}")
        assert rm.convert(place, outs[-1]).objects == 3
    assert records(outs[0]) == records(outs[1]) == records(outs[2])
    examples = [rm.decode_example(record) for record in rm.TFRecordReader(next(outs[2].glob("*.tfrecord")))]
    assert [example["image/filename"] for example in examples] == [
        [f"00000{number}.jpg".encode()] for number in (1, 2, 3)
    ]


def test_images_are_read_and_copied_out_of_an_archive(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "shapes.zip", SHAPES)
    dataset = rm.load(source)
    image = dataset[0]
    assert image.path == source / "train/sheet-01.jpg"
    assert image.read() == (SHAPES / "train/sheet-01.jpg").read_bytes()
    report = rm.convert(source, tmp_path / "yolo", target_format="yolo", images_mode="link")
    assert report.image_files == 24
    copied = {path.name: path.read_bytes() for path in (tmp_path / "yolo").rglob("sheet-*.[jp][pn]g")}
    assert copied == {path.name: path.read_bytes() for path in SHAPES.rglob("sheet-*.[jp][pn]g")}
    assert rm.check(source).images == 24


def test_annotations_beside_an_archive_of_images(tmp_path: Path) -> None:
    images = tmp_path / "images.zip"
    with zipfile.ZipFile(images, "w") as archive:
        for number in range(3):
            archive.write(SHAPES / f"train/sheet-0{number + 1}.jpg", f"train2017/sheet-0{number + 1}.jpg")
    table = tmp_path / "labels.csv"
    rows = [f"sheet-0{number}.jpg,160,120,square,1,2,30,40" for number in (1, 2, 3)]
    table.write_text("filename,width,height,class,xmin,ymin,xmax,ymax\n" + "\n".join(rows) + "\n")
    report = rm.convert(table, tmp_path / "out", images=[images])
    assert (report.images, report.objects) == (3, 3)


def test_records_in_an_archive(tmp_path: Path) -> None:
    rm.convert(SHAPES, tmp_path / "records")
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        source = make_zip(tmp_path / f"{method}.zip", tmp_path / "records", method)
        dataset = rm.load(source)
        assert (dataset.format, len(dataset)) == ("tfrecord", 24)
        rows = {image.key: image for image in dataset}
        (row,) = [image for key, image in rows.items() if key.endswith("sheet-01.jpg")]
        assert row.read() == (SHAPES / "train/sheet-01.jpg").read_bytes()


def test_names_that_lead_outside_are_refused(tmp_path: Path) -> None:
    picture = (SHAPES / "train/sheet-01.jpg").read_bytes()
    source = make_zip(tmp_path / "evil.zip", SHAPES)
    with zipfile.ZipFile(source, "a") as archive:
        for name in ("../../escaped.jpg", "/etc/absolute.jpg", "C:/drive.jpg", "a/../../up.jpg", "..\\back.jpg"):
            archive.writestr(name, picture)
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    dataset = rm.load(source)
    refused = {problem.path for problem in dataset.problems if problem.kind == "outside-root"}
    assert len(refused) == 5
    assert len(dataset) == 24
    assert any(problem.path == "link.jpg" for problem in dataset.problems)
    assert not (tmp_path.parent / "escaped.jpg").exists()


def test_links_in_a_tar_lead_to_what_is_in_it(tmp_path: Path) -> None:
    source = tmp_path / "links.tar"
    with tarfile.open(source, "w") as archive:
        archive.add(SHAPES / "train", "train")
        for name, kind, target in [
            ("train/hard.jpg", tarfile.LNKTYPE, "train/sheet-01.jpg"),
            ("train/soft.jpg", tarfile.SYMTYPE, "sheet-02.jpg"),
            ("train/up.jpg", tarfile.SYMTYPE, "../train/sheet-03.jpg"),
            ("train/circle.jpg", tarfile.SYMTYPE, "circle.jpg"),
            ("train/out.jpg", tarfile.SYMTYPE, "../../etc/x.jpg"),
            ("train/absolute.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        ]:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
    dataset = rm.load(source)
    read = {image.key.rpartition("/")[2]: image.read() for image in dataset}
    assert read["hard.jpg"] == read["sheet-01.jpg"]
    assert read["soft.jpg"] == read["sheet-02.jpg"]
    assert read["up.jpg"] == read["sheet-03.jpg"]
    told = {Path(problem.path).name for problem in dataset.problems if problem.severity == "error"}
    assert {"circle.jpg", "out.jpg", "absolute.jpg"} <= told


def test_damage_is_said_with_its_place(tmp_path: Path) -> None:
    stored = make_zip(tmp_path / "stored.zip", SHAPES, zipfile.ZIP_STORED)
    whole = bytearray(stored.read_bytes())
    place = whole.index((SHAPES / "train/sheet-05.jpg").read_bytes())
    whole[place + 2000] ^= 1
    stored.write_bytes(whole)
    with pytest.raises(rm.ConvertError, match=r"train/sheet-05.jpg.*checksum"):
        rm.convert(stored, tmp_path / "out")
    report = rm.convert(stored, tmp_path / "out", on_error="skip")
    assert report.images == 23
    make_tar(tmp_path / "a.tar", SHAPES, "w")
    data = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(data[: len(data) // 2])
    with pytest.raises(OSError, match="damaged"):
        rm.load(tmp_path / "cut.tar")
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) - 30])
    with pytest.raises(OSError, match="damaged"):
        rm.load(tmp_path / "cut.zip")


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    for name, start in [("a.7z", b"7z\xbc\xaf\x27\x1c"), ("a.rar", b"Rar!\x1a\x07"), ("a.tar.xz", b"\xfd7zXZ\x00")]:
        path = tmp_path / name
        path.write_bytes(start + bytes(600))
        with pytest.raises((OSError, rm.FormatError), match="unpack"):
            rm.load(path)
    packed = tmp_path / "bzip2.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.write(SHAPES / "train/sheet-01.jpg", "a.jpg")
        archive.writestr("a.xml", "<annotation/>")
    with pytest.raises(rm.Error):
        rm.load(packed)


def test_memory_does_not_grow_with_what_is_in_it(tmp_path: Path) -> None:
    """A gigabyte of zeros in a megabyte: an annotation file has its limit, an image is not asked for."""
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.xml", "b.json", "labels.csv"):
            with archive.open(name, "w") as file:
                for _ in range(400):
                    file.write(bytes(1 << 20))
    code = (
        "import resource, sys, recordmill as rm\n"
        "try:\n    rm.load(sys.argv[1])\nexcept Exception as error:\n    print(type(error).__name__)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(bomb)], capture_output=True, text=True, check=True)
    name, peak = done.stdout.split()
    assert name == "FormatError"
    assert int(peak) < 300, done.stdout


def test_an_archive_that_is_replaced_is_read_anew(tmp_path: Path) -> None:
    source = make_zip(tmp_path / "a.zip", SHAPES)
    first = rm.load(source)
    assert len(first) == 24
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w") as archive:
        for name in ("sheet-01.jpg", "sheet-01.xml"):
            archive.write(SHAPES / "train" / name, name)
    (tmp_path / "new.zip").write_bytes(again.getvalue())
    os.replace(tmp_path / "new.zip", source)
    assert len(rm.load(source)) == 1
    assert first[3].key


def test_an_empty_archive_and_odd_names_are_said_on_a_line(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr("a\nb.xml", "<annotation>")
    (tmp_path / "none.zip").touch()
    for name, said in (
        ("empty", "there is no file in the archive"),
        ("none", "the file is empty"),
        ("odd", r"a\nb.xml:1: the file ends inside"),
    ):
        out, err = run("convert", tmp_path / f"{name}.zip", tmp_path / "out", code=2)
        assert (out, err.count("\n")) == ("", 1), err
        assert said in err
