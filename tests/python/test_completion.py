"""Shell completion: what a shell gets for a line that is half typed, asked as its script asks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import recordmill as rm

COMMANDS = (
    "convert check view formats inspect verify snippet repair count cat head merge reshard split shuffle filter select "
    "compress decompress index diff from-table to-table completion"
)


def script(shell: str) -> str:
    command = [sys.executable, "-m", "recordmill", "completion", shell]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def completed(line: str, shell: str = "bash") -> list[str]:
    """The completions of the last word of a line, or the empty one behind a blank, as `KIND,TEXT`."""
    words = line.split(" ")
    # fish gives the word, the others its number.
    word = words[-1] if shell == "fish" else str(len(words) - 1)
    asked = {"_RECORDMILL_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": word}
    command = [sys.executable, "-m", "recordmill"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, **asked}, encoding="utf-8"
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def plain(line: str) -> list[str]:
    found = completed(line)
    assert all(row.startswith("plain,") for row in found), found
    return [row.removeprefix("plain,") for row in found]


def test_commands_and_options() -> None:
    assert plain("recordmill ") == COMMANDS.split()
    assert plain("recordmill co") == ["convert", "count", "compress", "completion"]
    assert plain("recordmill from-") == ["from-table"]
    assert plain("recordmill inspect --la") == ["--label-map"]
    assert plain("recordmill convert a out --shard") == ["--shards", "--shard-size"]
    # What was given once is not asked for again.
    assert plain("recordmill convert a out --shards 3 --shard") == ["--shard-size"]
    assert plain("recordmill nonsense ") == COMMANDS.split()


def test_values_and_formats() -> None:
    names = {form.name for form in rm.formats()}
    written = {form.name for form in rm.formats() if form.writes}
    assert written < names
    assert plain("recordmill convert a out --from ") == sorted(names)
    assert plain("recordmill check --from ") == sorted(names)
    assert plain("recordmill view --from ") == sorted(names)
    assert plain("recordmill formats ") == sorted(names)
    assert plain("recordmill convert a out --to ") == sorted(written | {"tfrecord"})
    assert plain("recordmill convert a out --to tfr") == ["tfrecord"]
    assert plain("recordmill convert a out --from CO") == ["coco", "coco-panoptic"]
    # Bash makes a word of its own of the equals sign.
    assert plain("recordmill convert a out --from =") == sorted(names)
    assert plain("recordmill from-table a b --format ") == ["csv", "tsv", "jsonl", "parquet", "npz", "arrow"]
    assert plain("recordmill convert a out --compression g") == ["gzip"]
    assert plain("recordmill snippet a --for ") == ["tf", "keras", "torch", "jax"]
    assert plain("recordmill completion ") == ["bash", "zsh", "fish"]


@pytest.mark.parametrize(
    "line",
    [
        "recordmill convert pe",
        "recordmill convert pets ou",
        "recordmill convert pets out --images ",
        "recordmill convert pets out --label-map m",
        "recordmill inspect a.tfrecord b",
        "recordmill verify a --against ",
        "recordmill view a -o ",
        "recordmill diff a ",
        "recordmill to-table a.tfrecord ",
    ],
)
def test_files(line: str) -> None:
    assert completed(line) == [f"file,{line.split(' ')[-1]}"]
    assert completed(line, "fish") == [f"file,{line.split(' ')[-1]}"]
    # zsh takes three lines for each: the kind, the word, what it is.
    assert completed(line, "zsh")[0] == "file"


def test_other_shells_are_told_what_commands_do() -> None:
    assert completed("recordmill fi", "fish") == ["plain,filter\tKeep the Examples that fulfil conditions."]
    assert completed("recordmill fi", "zsh") == ["plain", "filter", "Keep the Examples that fulfil conditions."]


def test_scripts() -> None:
    for shell, registers in (
        ("bash", "complete -o nosort -F _recordmill_completion recordmill"),
        ("zsh", "compdef _recordmill_completion recordmill"),
        ("fish", 'complete --no-files --command recordmill --arguments "(_recordmill_completion)";'),
    ):
        text = script(shell)
        assert registers in text
        assert f"_RECORDMILL_COMPLETE={shell}_complete" in text
    assert script("zsh").startswith("#compdef recordmill\n")
    command = [sys.executable, "-m", "recordmill", "completion", "tcsh"]
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 2


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes(tmp_path: Path) -> None:
    """bash itself with the script: what Tab would put there, and that files are left to bash."""
    program = tmp_path / "recordmill"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recordmill "$@"\n')
    program.chmod(0o755)
    (tmp_path / "r.sh").write_text(script("bash"))
    run = """
        . ./r.sh
        complete -p recordmill
        # Outside of a completion there is nothing to set options of.
        compopt() { echo "compopt $1 $2"; }
        tab() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _recordmill_completion "$1"; printf '%s\\n' "${COMPREPLY[@]}"; }
        tab recordmill sh
        tab recordmill convert a out --to yolo-
        tab recordmill convert pe
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", run],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[:2] == ["complete -o nosort -F _recordmill_completion recordmill", "shuffle"]
    yolo = sorted(form.name for form in rm.formats() if form.writes and form.name.startswith("yolo-"))
    assert len(yolo) > 1
    assert lines[2:] == [*yolo, "compopt -o default", ""]
