"""Same input, options and seed give byte-identical output, whatever the workers, the directory's order or the process."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.python.support import write_voc

OPTIONS = {
    "flat": ["--shards", "3"],
    "gzip": ["--compression", "gzip", "--split", "70/20/10"],
    "zlib-by-size": ["--compression", "zlib", "--shard-size", "40KB"],
    "shuffled-roboflow": ["--layout", "roboflow", "--shuffle", "--seed", "7", "--split", "60/20/20", "--exact-split"],
}


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("name", OPTIONS)
def test_one_digest_whatever_the_circumstances(name: str, tmp_path: Path) -> None:
    first = write_voc(tmp_path / "a" / "voc", images=40)
    second = tmp_path / "b" / "elsewhere" / "voc"
    files = [path.relative_to(first) for path in first.rglob("*") if path.is_file()]
    random.Random(3).shuffle(files)
    for path in files:  # made in another order, so that the directory lists them in another
        (second / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(first / path, second / path)
    results = set()
    for run, (source, workers, environment) in enumerate(
        [
            (first, "1", {"PYTHONHASHSEED": "1", "TZ": "UTC"}),
            (first, "8", {"PYTHONHASHSEED": "2", "LANG": "tr_TR.UTF-8"}),
            (second, "1", {"LANG": "C"}),
            (second, "8", {"TZ": "Asia/Tokyo"}),
            (second, "3", {}),
        ]
    ):
        out = tmp_path / f"out{run}"
        convert = [sys.executable, "-m", "recordmill", "convert", str(source), str(out), "--quiet"]
        subprocess.run([*convert, "--workers", workers, *OPTIONS[name]], check=True, env={**os.environ, **environment})
        results.add(tuple(sorted(digests(out).items())))
    assert len(results) == 1
    assert len(next(iter(results))) >= 4
