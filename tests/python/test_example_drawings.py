"""The dataset of `make demo` is what its script draws."""

import subprocess
import sys
from pathlib import Path

from PIL import Image


def test_the_script_draws_what_is_committed(project: Path, tmp_path: Path) -> None:
    committed = project / "examples" / "shapes"
    subprocess.run([sys.executable, project / "examples" / "make_demo.py", tmp_path], check=True)
    names = sorted(path.relative_to(committed).as_posix() for path in committed.rglob("*.*"))
    assert names == sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*"))
    assert len(names) == 48
    for name in names:
        if name.endswith(".xml"):
            assert (tmp_path / name).read_bytes() == (committed / name).read_bytes(), name
            continue
        with Image.open(tmp_path / name) as drawn, Image.open(committed / name) as kept:
            assert drawn.size == kept.size, name
            # Another Pillow may come with another JPEG coder.
            if name.endswith(".png"):
                assert drawn.tobytes() == kept.tobytes(), name


def test_it_is_small(project: Path) -> None:
    files = (project / "examples").rglob("*.*")
    assert 0 < sum(path.stat().st_size for path in files if path.is_file()) < 500_000
