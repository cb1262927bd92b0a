"""`check`: what is in a dataset, and what is wrong with it, from Python and from the command line."""

import json
import pickle
from pathlib import Path

import pytest
import recordmill as rm

from tests.python.support import csv, png
from tests.python.test_cli import run


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """The same image in two splits, and twice in one; classes that differ in case; an image that nobody names."""
    folder = tmp_path / "twins"
    for split, names in (("train", ("a", "b")), ("valid", ("c",))):
        rows = [f"{name}.png,40,30,{'Cat' if name == 'b' else 'cat'},1,2,11,22" for name in names]
        csv(folder / split, rows, {f"{name}.png": (40, 30) for name in names})
    (folder / "train" / "extra.png").write_bytes(png(41, 30))
    return folder


def test_a_sound_dataset(good: Path) -> None:
    health = rm.check(good)
    assert (health.format, health.images, health.objects, health.faults) == ("csv", 2, 3, [])
    assert [(row.name, row.objects, row.images, row.balance) for row in health.classes] == [
        ("cat", 2, 2, "fair"),
        ("dog", 1, 1, "fair"),
    ]
    assert sum(map(sum, health.classes[0].centres)) == 2
    assert health.image_sizes.width == rm.Spread(20, 30, 30, 40)
    assert health.image_sizes.common == [(20, 20, 1), (40, 30, 1)]
    assert health.boxes.known == 3
    assert health.histogram == [(1, 1, 1), (2, 2, 1)]
    assert health.objects_per_image == rm.Spread(1, 1.5, 1.5, 2)
    again = pickle.loads(pickle.dumps(health))
    assert again == health
    assert hash(again) == hash(health)
    assert health.to_dict()["images"] == 2
    assert repr(health) == "<Health: 2 images, 3 objects, 0 faults>"
    text = str(health)
    assert text.startswith("csv\nlabels.csv has a header")
    assert text.endswith("\nno problems")


def test_every_problem_has_its_place(twins: Path, bad: Path) -> None:
    health = rm.check(twins)
    assert health.problem_counts == {
        "unlabelled-image": 1,
        "similar-classes": 1,
        "same-content": 1,
        "split-leak": 1,
    }
    assert [str(problem) for problem in health.faults] == [
        "valid/c.png: the same bytes as train/a.png, which is in split train, this in valid"
    ]
    assert "\nsplit-leak (error): 1\n  valid/c.png: the same" in str(health)
    assert "\nunlabelled-image (note): 1\n  train/extra.png: no annotation" in str(health)
    kinds = set(rm.check(bad).problem_counts)
    assert {"swapped-corners", "box-outside", "empty-box", "missing-image"} <= kinds


def test_lists_are_cut_unless_all_is_asked_for(tmp_path: Path) -> None:
    rows = [f"a.png,40,30,cat,{number},5,{number},9" for number in range(25)]
    health = rm.check(csv(tmp_path / "many", rows, {"a.png": (40, 30)}).parent)
    assert "\nempty-box (fixed): 25\n" in str(health)
    assert str(health).endswith("  ... and 5 more")
    assert str(health).count("labels.csv:") == 20
    assert health.described(every_problem=True).count("labels.csv:") == 25


def test_exit_codes(good: Path, bad: Path, twins: Path, tmp_path: Path) -> None:
    text, messages = run("check", good)
    assert "where the middles of boxes lie" in text
    assert messages == ""
    assert run("check", good, "--quiet") == ("", "")
    # Notes alone are no fault.
    noted, _ = run("check", twins / "train")
    assert "unlabelled-image (note): 1" in noted
    text, _ = run("check", bad, "--quiet", code=1)
    lines = text.splitlines()
    assert len(lines) == 4
    assert "labels.csv:2: xmax 1 < xmin 11" in lines
    text, _ = run("check", twins, "--json", code=1)
    found = json.loads(text)
    assert found == {**rm.check(twins).to_dict(), "seconds": found["seconds"]}
    _, messages = run("check", tmp_path / "nothing", code=2)
    assert messages == f"recordmill: {tmp_path / 'nothing'}: No such file or directory\n"
    (tmp_path / "empty").mkdir()
    text, _ = run("check", tmp_path / "empty", "--json", code=2)
    assert "error" in json.loads(text)


def test_nothing_is_written(twins: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in twins.rglob("*"))
    rm.check(twins, workers=2)
    assert before == sorted((path, path.stat().st_mtime_ns) for path in twins.rglob("*"))


def test_progress_is_told_and_may_stop(good: Path) -> None:
    phases = []
    rm.check(good, progress=lambda progress: phases.append(progress.phase))
    assert phases[-1] == "checking images"

    def stop(_: rm.Progress) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        rm.check(good, progress=stop)


def test_a_long_name_is_not_printed_whole(tmp_path: Path) -> None:
    name = "x" * 60_000
    source = csv(
        tmp_path / "long", [f"a.png,40,30,{name},1,2,11,22", "a.png,40,30,cat,5,5,0,9"], {"a.png": (40, 30)}
    ).parent
    health = rm.check(source)
    assert [row.name for row in health.classes] == [name, "cat"]
    start = f"{'x' * 80}..."
    assert f"{start} (60000 characters)" in str(health)
    assert len(str(health)) < 5_000
    (tmp_path / "map.pbtxt").write_text("item { id: 1 name: 'cat' }")
    with pytest.raises(rm.ConvertError) as refused:
        rm.convert(source, tmp_path / "out", label_map=tmp_path / "map.pbtxt")
    assert f'"{start}" (60000 characters) (1 object)' in str(refused.value)
    assert max(map(len, map(str, refused.value.report.problems))) < 500
    text, _ = run("convert", source, tmp_path / "out")
    assert len(text) < 5_000


def yolo(folder: Path, **texts: str) -> Path:
    for name, text in {"labels/a.txt": "0 0.5 0.5 0.5 0.5\n1 0.5 0.5 0.2 0.2\n", **texts}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "images").mkdir()
    (folder / "images" / "a.png").write_bytes(png(40, 30))
    return folder


def test_classes_without_names_are_said(tmp_path: Path) -> None:
    source = yolo(tmp_path / "nameless")
    hint = (
        'labels/a.txt: classes have numbers and no names, as "class_0"; a file with names (data.yaml, classes.txt, obj.names, a '
        "label map) belongs beside them, or rename gives them"
    )
    health = rm.check(source)
    assert health.problem_counts == {"nameless-classes": 1}
    assert [str(problem) for problem in health.problems] == [hint]
    assert [str(problem) for problem in rm.convert(source, tmp_path / "out").problems] == [hint]
    named = {"class_0": "cat", "class_1": "dog"}
    assert rm.convert(source, tmp_path / "named", rename=named).problem_counts == {}
    numbers = tmp_path / "map.json"
    numbers.write_text(json.dumps({"class_0": 4, "class_1": 9}))
    report = rm.convert(source, tmp_path / "mapped", label_map=numbers)
    assert ([row.id for row in report.classes], report.problem_counts) == ([4, 9], {})


def test_files_of_names_that_disagree_are_said(tmp_path: Path) -> None:
    data = "path: .\ntrain: images\nnames: [cat, dog]\n"
    for number, (names, said) in enumerate(
        (
            ("cat\ndog\n", []),
            ("cat\nwolf\n", ['classes.txt: class 1 is "wolf" here and "dog" in data.yaml, whose names are taken']),
            ("cat\ndog\nbird\n", ["classes.txt: 3 names here and 2 in data.yaml, whose names are taken"]),
        )
    ):
        source = yolo(tmp_path / str(number), **{"data.yaml": data, "classes.txt": names})
        health = rm.check(source)
        assert [str(problem) for problem in health.problems] == said
        assert [row.name for row in health.classes] == ["cat", "dog"]


def test_nothing_but_images_is_told_before_convert_refuses(tmp_path: Path) -> None:
    csv(tmp_path, ["a.png,40,30,,,,,"], {"a.png": (40, 30)})
    assert rm.check(tmp_path).reasons[-1] == "nothing is said of any image: convert takes that with --allow-empty alone"
    with pytest.raises(rm.ConvertError, match="--allow-empty"):
        rm.convert(tmp_path, tmp_path / "out")
