"""The package as such: what it exports, what it loads, its documentation."""

import doctest
import inspect
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recordmill as rm
from recordmill import _convert, _native


def test_all_is_there_and_documented() -> None:
    assert sorted(rm.__all__) == rm.__all__
    for name in rm.__all__:
        value = getattr(rm, name)
        assert value.__doc__, name
        if inspect.isclass(value):
            for member, what in vars(value).items():
                if not member.startswith("_") and (callable(what) or isinstance(what, property)):
                    assert getattr(value, member).__doc__, f"{name}.{member}"
    with pytest.raises(AttributeError, match="module 'recordmill' has no attribute 'nonsense'"):
        _ = rm.nonsense  # type: ignore[attr-defined]
    assert set(rm.__all__) <= set(dir(rm))


def test_the_native_module_is_covered() -> None:
    """Everything native is public, or used by the package's own Python side."""
    own = {
        "Column",
        "Dataset",
        "RecordTable",
        "against",
        "check",
        "check_page",
        "convert",
        "convert_table",
        "formats_list",
        "inspect",
        "load",
        "read_arrow",
        "read_image",
        "record_files",
        "reshape",
        "save",
        "save_page",
        "verify",
        "view_dataset",
        "write_arrow",
    }
    native = {name for name in dir(_native) if not name.startswith("_")}
    assert native - own <= set(rm.__all__)
    sources = "".join(path.read_text() for path in Path(_convert.__file__).parent.glob("_*.py"))
    for name in own - {"Column"}:
        assert f"_native.{name}" in sources


@pytest.mark.parametrize("module", ["numpy", "rich", "click", "json", "dataclasses"])
def test_import_is_light(module: str) -> None:
    program = f"import sys, recordmill; sys.exit({module!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_import_is_quick() -> None:
    """In processor time: the clock also measures what else the machine does."""

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def least(*arguments: str) -> float:
        times = []
        for _ in range(7):
            start = used()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            times.append(used() - start)
        return min(times)

    bare = least("-c", "pass")
    assert least("-c", "import recordmill") - bare < 0.05
    assert least("-m", "recordmill", "--help") - bare < 0.15


def test_defaults_are_said_once_and_again_alike() -> None:
    """The signatures repeat the defaults for the reader; they may not differ."""

    def defaults(function: Any) -> dict[str, Any]:
        every = inspect.signature(function).parameters.values()
        return {one.name: one.default for one in every if one.kind is one.KEYWORD_ONLY}

    convert = defaults(rm.convert)
    assert convert == {
        **_convert.LOAD_DEFAULTS,
        **_convert.DOWNLOAD_DEFAULTS,
        **_convert.WRITE_DEFAULTS,
        "progress": None,
    }
    assert defaults(rm.load) == {**_convert.LOAD_DEFAULTS, "boxes_only": False}
    annotations = _convert.WriteOptions.__annotations__.keys()
    # `save` has it as `format`.
    assert annotations == _convert.WRITE_DEFAULTS.keys() - {"target_format"} | {"progress"}
    documented = inspect.getdoc(rm.convert) or ""
    assert all(f"\n    {name}: " in documented for name in convert)


def documented() -> list[Any]:
    found = []
    for name in rm.__all__:
        value = getattr(rm, name)
        text = inspect.getdoc(value) or ""
        if ">>>" in text:
            found.append(pytest.param(name, text, id=name))
    return found


@pytest.mark.parametrize(("name", "text"), documented())
def test_examples_in_docstrings(
    name: str, text: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(project / "examples" / "shapes", tmp_path / "shapes")
    with rm.TFRecordWriter("numbers.tfrecord") as writer:
        for number in range(3):
            writer.write_example({"number": number})
    test = doctest.DocTestParser().get_doctest(text, {"rm": rm, "np": np}, name, None, 0)
    assert test.examples
    lines: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=lines.append)
    assert result.failed == 0, "".join(lines)


def test_the_number_of_examples() -> None:
    assert len(documented()) >= 9
