"""`inspect --sample`: some records in the place of all, and what is still said of all."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm

from tests.python.test_cli import run

RECORDS, SAMPLE = 1000, 10


def write(path: Path, compression: str | None = None) -> Path:
    """Records with their number, longer and shorter ones."""
    with rm.TFRecordWriter(path, compression) as writer:
        for number in range(RECORDS):
            writer.write_example({"n": [number], "b": [bytes(number % 7 * 1000)]})
    return path


def numbers(found: Any) -> list[int]:
    """Which records were looked at."""
    (row,) = [row for row in found["schema"]["features"] if row["key"] == "n"]
    return [value["value"] for value in row["int64"]["distinct"]]


@pytest.mark.parametrize("compression", [None, "gzip", "zlib"])
def test_records_from_all_over_the_file(tmp_path: Path, compression: str | None) -> None:
    path = write(tmp_path / "a.tfrecord", compression)
    found, whole = rm.inspect(path, sample=SAMPLE), rm.inspect(path)
    assert (whole["sample"], whole["complete"]) == (None, True)
    assert (found["sample"], found["complete"]) == (SAMPLE, False)
    assert found["schema"]["examples"] == SAMPLE
    # What is known of all records is still of all.
    for fact in ("records", "payload", "data_bytes", "file_bytes", "compression", "damage"):
        assert found[fact] == whole[fact], fact  # type: ignore[literal-required]
    assert found["records"] == RECORDS
    # One of each tenth of the file.
    assert [number * SAMPLE // RECORDS for number in numbers(found)] == list(range(SAMPLE))
    assert numbers(rm.inspect(path, sample=SAMPLE, seed=0)) == numbers(found)
    assert numbers(rm.inspect(path, sample=SAMPLE, seed=1)) != numbers(found)
    # Compression is no matter.
    assert numbers(rm.inspect(write(tmp_path / "plain"), sample=SAMPLE)) == numbers(found)


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_sample_of_all_is_the_whole(tmp_path: Path, compression: str | None) -> None:
    path = write(tmp_path / "a.tfrecord", compression)
    whole = rm.inspect(path)
    for sample in (RECORDS, RECORDS + 1, 2**63):
        found = rm.inspect(path, sample=sample)
        assert found["sample"] == RECORDS
        assert {**found, "sample": None, "files": []} == {**whole, "files": []}
    rm.TFRecordWriter(tmp_path / "empty", compression).close()
    empty = rm.inspect(tmp_path / "empty", sample=3)
    assert (empty["records"], empty["sample"], empty["complete"]) == (0, 0, True)


def test_other_payloads_are_not_read_and_damage_is_found_where_it_is_met(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tfrecord")
    data = path.read_bytes()
    drawn = numbers(rm.inspect(path, sample=SAMPLE))
    index = [(entry[0], entry[1]) for entry in _offsets(data)]

    def damaged(offset: int) -> Any:
        path.write_bytes(data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :])
        return rm.inspect(path, sample=SAMPLE)

    other = next(number for number in range(RECORDS) if number not in drawn)
    # A payload that nobody looks at.
    found = damaged(index[other][0] + 12)
    assert (found["records"], found["damage"], numbers(found)) == (RECORDS, [], drawn)
    # One that is drawn, and a header: the file is read from its beginning to its end, as without a sample.
    for offset in (index[drawn[4]][0] + 12, index[other][0]):
        found = damaged(offset)
        assert (found["records"], found["sample"]) == (RECORDS - 1, SAMPLE)
        assert found["damage"] == rm.inspect(path)["damage"] != []
    path.write_bytes(data[:-1])
    assert rm.inspect(path, sample=SAMPLE)["damage"][0]["kind"] == "truncated"


def _offsets(data: bytes) -> list[tuple[int, int]]:
    """Places and lengths of records, by their framing."""
    found, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 8], "little")
        found.append((at, length))
        at += length + 16
    return found


def test_several_files(tmp_path: Path) -> None:
    for name in ("a.tfrecord", "b.tfrecord"):
        write(tmp_path / name)
    found = rm.inspect(tmp_path, sample=SAMPLE)
    assert (found["records"], found["sample"], found["complete"]) == (2 * RECORDS, 2 * SAMPLE, False)
    assert [file["sample"] for file in found["files"]] == [SAMPLE, SAMPLE]


def test_the_command_says_that_it_is_a_sample(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tfrecord")
    text, messages = run("inspect", path, "--sample", SAMPLE, "--seed", 3)
    assert messages == ""
    assert text.startswith(f"{path}: 1,000 records, ")
    assert "\nwhat follows is of a sample: 10 records of 1,000\n" in text
    assert "\nfirst record of the sample: Example, " in text
    # Features that all of the sample have are in all.
    assert [line.split()[2] for line in text.splitlines() if line.startswith(("b ", "n "))] == ["all", "all"]
    found = json.loads(run("inspect", "--json", path, "--sample", SAMPLE, "--seed", 3)[0])
    assert found == rm.inspect(path, sample=SAMPLE, seed=3)


def test_what_does_not_go_together(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tfrecord")
    for options, said in (
        (["--sample", 3, "--max-records", 3], "--sample and --max-records exclude each other"),
        (["--seed", 3], "--seed is for --sample"),
        (["--sample", 3, "--feature-spec"], "--sample is for a description, not for --feature-spec"),
        (["--sample", 0], "0 is not in the range"),
    ):
        assert said in run("inspect", path, *options, code=2)[1]
    with pytest.raises(ValueError, match="sample and max_records exclude each other"):
        rm.inspect(path, sample=3, max_records=3)
    command = [sys.executable, "-m", "recordmill", "inspect", "-", "--sample", "3"]
    done = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert b"a sample is drawn from a file that can be read twice, and this is a pipe" in done.stderr
