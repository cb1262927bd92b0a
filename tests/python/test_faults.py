"""What a killed, starved or cheated conversion leaves behind: nothing under a final name that is not whole.

Methods: SIGKILL at random moments (SQLite's crash tests), a full disk (a small tmpfs, RLIMIT_FSIZE), and the N-th
write, fsync or rename made to fail by strace, for N = 1, 2, 3 ... until no fault fires.
"""

import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.python.support import write_voc

RECORDMILL = [sys.executable, "-m", "recordmill"]
FULL = os.environ.get("RECORDMILL_FULL") == "1"
LEFTOVER = re.compile(r"^\..+\.partial$")


def command(source: Path, out: Path, *options: str) -> list[str]:
    return [*RECORDMILL, "convert", str(source), str(out), "--quiet", *options]


def final_files(out: Path) -> dict[str, str]:
    """Every file that has a final name, with the SHA-256 of its bytes."""
    if not out.exists():
        return {}
    files = (path for path in out.rglob("*") if path.is_file() and not LEFTOVER.match(path.name))
    return {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def everything(out: Path) -> list[str]:
    return sorted(path.name for path in out.rglob("*")) if out.exists() else []


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_voc(tmp_path_factory.mktemp("faults") / "voc", images=12)


@pytest.fixture(scope="module")
def undisturbed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    subprocess.run(command(source, out, "--shards", "3"), check=True)
    return final_files(out)


def test_sigkill_at_random_moments(tmp_path: Path) -> None:
    source = write_voc(tmp_path / "voc", images=150, pixels=300)
    out = tmp_path / "out"
    convert = command(source, out, "--shards", "5", "--overwrite", "--workers", "2")
    started = time.monotonic()
    subprocess.run([*RECORDMILL, "--version"], check=True, stdout=subprocess.DEVNULL)
    start_up = time.monotonic() - started
    started = time.monotonic()
    subprocess.run(convert, check=True)
    length = time.monotonic() - started
    whole = final_files(out)
    assert len(whole) >= 7, whole
    shutil.rmtree(out)

    chance = random.Random(20261123)
    killed = 0
    for _ in range(150):
        if killed == 50:
            break
        # From the moment that the interpreter is up. How long a run takes changes with what else the machine does, so the
        # span follows: a run that was over before it was killed was shorter, one that was met may be longer.
        wait = chance.uniform(min(start_up, length) / 2, length)
        process = subprocess.Popen(convert)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            killed += 1
            length *= 1.02
        else:
            length = wait
        for name, digest in final_files(out).items():
            assert digest == whole[name], f"{name} is not whole after a kill"
    assert killed == 50, f"only {killed} of 150 kills met a running conversion"

    subprocess.run(convert, check=True)
    assert final_files(out) == whole


@pytest.mark.parametrize("limit", [1, 4_096, 20_000])
def test_file_size_limit(source: Path, tmp_path: Path, limit: int) -> None:
    out = tmp_path / "out"

    def starve() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = subprocess.run(command(source, out), preexec_fn=starve, capture_output=True, text=True)
    assert result.returncode == 1, result.stderr
    assert one_error(result.stderr).endswith("File too large (os error 27)") or "File too large" in result.stderr
    assert everything(out) == []


@pytest.mark.parametrize("kilobytes", [4, 16, 32])
def test_full_disk(source: Path, tmp_path: Path, kilobytes: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("may not mount a tmpfs here")
    try:
        result = subprocess.run(command(source, disk / "out"), capture_output=True, text=True)
        assert result.returncode == 1, result.stderr
        assert "No space left on device" in one_error(result.stderr)
        assert everything(disk / "out") == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def one_error(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    assert len(lines) == 1, stderr
    assert "Traceback" not in stderr
    assert "panicked" not in stderr
    return lines[0]


@pytest.mark.parametrize(
    ("calls", "error"),
    [
        ("write,pwrite64,writev,pwritev", "ENOSPC"),
        ("write,pwrite64,writev,pwritev", "EIO"),
        ("fsync,fdatasync", "EIO"),
        ("rename,renameat,renameat2,link,linkat", "EIO"),
        ("fallocate,ftruncate", "ENOSPC"),
    ],
)
def test_failing_nth_call(source: Path, undisturbed: dict[str, str], tmp_path: Path, calls: str, error: str) -> None:
    if shutil.which("strace") is None:
        pytest.fail("strace is not installed (Debian package strace)")
    hits = 0
    for number in range(1, 400 if FULL else 40):
        out, log = tmp_path / f"out{number}", tmp_path / "strace.log"
        log.unlink(missing_ok=True)
        strace = ["strace", "-f", "-y", "-qq", "--seccomp-bpf", "-o", str(log), "-e", f"trace={calls}"]
        inject = ["-e", f"inject={calls}:error={error}:when={number}"]
        result = subprocess.run(
            [*strace, *inject, *command(source, out, "--shards", "3", "--workers", "1")],
            capture_output=True,
            text=True,
        )
        injected = [line for line in log.read_text(errors="replace").splitlines() if "(INJECTED)" in line]
        if not injected:
            break
        if str(out) not in injected[0]:  # the interpreter's own call
            continue
        hits += 1
        if result.returncode == 0:  # a call that we may do without (fallocate)
            assert calls.startswith("fallocate"), injected[0]
            assert final_files(out) == undisturbed
            continue
        assert result.returncode == 1, (injected[0], result.stderr)
        # strace counts by thread: the main thread's own write of the message may be its N-th too.
        if not any(re.search(r"write\(2<", line) for line in injected):
            assert str(out) in one_error(result.stderr), result.stderr
        assert everything(out) == [], injected[0]
    assert hits >= 3 or calls.startswith("fallocate"), f"{hits} faults met one of our files"


@pytest.mark.parametrize(
    ("calls", "error"),
    [
        ("rename,renameat,renameat2,link,linkat", "EIO"),
        ("fsync,fdatasync", "EIO"),
        ("unlink,unlinkat", "EIO"),
    ],
)
def test_failing_nth_call_over_an_earlier_run(source: Path, tmp_path: Path, calls: str, error: str) -> None:
    """What an earlier run wrote is there again, in the other layout and under names that the new run has too."""
    out, log = tmp_path / "out", tmp_path / "strace.log"
    earlier = [*command(source, out, "--shards", "2", "--seed", "1", "--shuffle", "--overwrite", "--workers", "1")]
    changed = [*command(source, out, "--layout", "roboflow", "--overwrite", "--workers", "1")]
    hits = 0
    for number in range(1, 400 if FULL else 40):
        subprocess.run(earlier, check=True)
        before = final_files(out)
        log.unlink(missing_ok=True)
        strace = ["strace", "-f", "-y", "-qq", "--seccomp-bpf", "-o", str(log), "-e", f"trace={calls}"]
        inject = ["-e", f"inject={calls}:error={error}:when={number}"]
        result = subprocess.run([*strace, *inject, *changed], capture_output=True, text=True)
        injected = [line for line in log.read_text(errors="replace").splitlines() if "(INJECTED)" in line]
        if not injected:
            break
        if str(out) not in injected[0]:
            continue
        hits += 1
        if result.returncode == 0:  # a second name that could not be removed is a leftover, no harm
            assert ".partial" in injected[0], injected[0]
            assert "train/objects.tfrecord" in final_files(out)
        else:
            assert result.returncode == 1, (injected[0], result.stderr)
            assert str(out) in one_error(result.stderr), result.stderr
            assert final_files(out) == before, injected[0]
        shutil.rmtree(out)
    assert hits >= 3, f"{hits} faults met one of our files"


HOSTILE = [
    "../../../../../../etc/passwd",
    "/etc/passwd",
    "images/../../outside/secret.jpg",
    "link_out.jpg",
    "dir_out/secret.jpg",
    "..\\..\\outside\\secret.jpg",
    "C:\\outside\\secret.jpg",
    "%2e%2e/outside/secret.jpg",
    "file:///etc/passwd",
    "images/./../../outside/secret.jpg",
    "/proc/self/environ",
    "~/secret.jpg",
    "a\0b.jpg",
]


@pytest.mark.parametrize("form", ["voc", "csv"])
def test_hostile_names_open_nothing_outside(form: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = write_voc(outside, images=1)
    secret = next(inside.glob("images/*.jpg")).rename(outside / "secret.jpg")
    root = write_voc(tmp_path / "root", images=2)
    (root / "link_out.jpg").symlink_to(secret)
    (root / "dir_out").symlink_to(outside)
    names = [name for name in HOSTILE if "\0" not in name or form == "csv"]
    if form == "voc":
        for index, name in enumerate(names):
            (root / "annotations" / f"hostile{index}.xml").write_text(
                f"<annotation><filename>{name}</filename><object><name>a</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
                "<xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>\n"
            )
    else:
        shutil.rmtree(root / "annotations")
        rows = [f'"{name}",40,30,a,1,1,5,5\n' for name in names]
        (root / "labels.csv").write_text("filename,width,height,class,xmin,ymin,xmax,ymax\n" + "".join(rows))

    log = tmp_path / "strace.log"
    out = tmp_path / "out"
    strace = ["strace", "-f", "-qq", "-o", str(log), "-e", "trace=open,openat,openat2"]
    result = subprocess.run([*strace, *command(root, out)], capture_output=True, text=True)
    assert result.returncode == 2, result.stdout + result.stderr  # refused
    assert everything(out) == []
    for index in range(len(names)):
        place = f"hostile{index}.xml" if form == "voc" else f"labels.csv:{index + 2}"
        assert place in result.stderr, f"{place} ({names[index]!r}) is not named:\n{result.stderr}"
    for line in log.read_text(errors="replace").splitlines():
        if " = -1 " in line:
            continue
        assert not any(secret in line for secret in ("secret.jpg", "/etc/passwd", "/proc/self/environ")), line


def test_refusal_lists_every_problem_and_one_summary(tmp_path: Path) -> None:
    root = write_voc(tmp_path / "root", images=4)
    for path in sorted(root.glob("images/*.jpg"))[:3]:
        path.unlink()
    result = subprocess.run(command(root, tmp_path / "out"), capture_output=True, text=True)
    assert result.returncode == 2
    *places, summary = result.stderr.splitlines()
    assert [place.split(":")[0] for place in places] == [f"annotations/img000{index}.xml" for index in range(3)]
    assert summary.startswith("recordmill: nothing was written: 3 missing-image (--images DIR")
    assert everything(tmp_path / "out") == []


def test_manifest_agrees_with_files(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    subprocess.run(command(source, out, "--shards", "3"), check=True)
    manifest = json.loads((out / "recordmill.json").read_text())
    listed = {entry["name"]: entry["sha256"] for entry in manifest["files"]}
    on_disk = {name: digest for name, digest in final_files(out).items() if "tfrecord" in name}
    assert listed == on_disk
    assert len(listed) == 3
