"""How ways of doing the same work are run side by side, compared, and put into a table."""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable
RECORDMILL = str(Path(PYTHON).with_name("recordmill"))


@dataclass
class Run:
    """What one process took and gave."""

    seconds: float
    cpu: float
    peak_mb: float
    result: Any = None


@dataclass
class Way:
    """One way of doing a row's work."""

    name: str
    command: list[str]
    # Whether `command` is a piece of work.py, which measures itself.
    inner: bool = False
    before: Callable[[], None] | None = None
    # Gives what must be equal for all ways of the row, after the last run; the default is what work.py printed.
    result: Callable[[], Any] | None = None
    checked: bool = True
    runs: list[Run] = field(default_factory=list)

    def median(self) -> float:
        return statistics.median(run.seconds for run in self.runs)


@dataclass
class Row:
    """A line of the table: ours first."""

    title: str
    ways: list[Way]
    # At least so many times as fast as the first of the others; below 1: slower allowed.
    target: float | None = None
    # Of seconds, where the work has a size: bytes or records.
    size: tuple[float, str] | None = None
    repeats: int | None = None
    # Makes the input, once.
    prepare: Callable[[], Any] | None = None
    # Of memory, in MB, for ours.
    peak: float | None = None


def execute(command: list[str], inner: bool) -> Run:
    """One process, from its start to its end."""
    # TensorFlow talks on stderr; it is shown where something fails.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=messages)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            messages.seek(0)
            sys.stderr.write(messages.read().decode(errors="replace"))
            raise SystemExit(f"compare: exit code {process.returncode} of: {' '.join(command)[:400]}")
        output.seek(0)
        text = output.read()
    # Linux counts in KiB, macOS in bytes.
    peak = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
    run = Run(seconds, usage.ru_utime + usage.ru_stime, peak)
    if inner:
        said = json.loads(text)
        run.seconds, run.peak_mb, run.result = said["seconds"], said["peak_mb"], said["result"]
    return run


def piece(name: str, *arguments: object) -> list[str]:
    """A piece of work.py."""
    return [PYTHON, str(HERE / "work.py"), name, *map(str, arguments)]


def ask(name: str, *arguments: object) -> Any:
    """What a piece of work.py gives, without the clock."""
    return execute(piece(name, *arguments), inner=True).result


def fresh(path: Path) -> Callable[[], None]:
    """Removes a file or folder, and lets the disk come to rest, before a run."""

    def clear() -> None:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        os.sync()

    return clear


def measure(row: Row, repeats: int) -> bool:
    """Runs the ways in turn; whether all gave the same."""
    if row.prepare:
        row.prepare()
    for _ in range(row.repeats or repeats):
        for way in row.ways:
            if way.before:
                way.before()
            way.runs.append(execute(way.command, way.inner))
    results = []
    for way in row.ways:
        if not way.checked:
            continue
        results += [way.result()] if way.result else [run.result for run in way.runs]
    return all(result == results[0] for result in results)


# --- the table ---


def machine() -> str:
    """What it ran on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    program = (
        "from importlib.metadata import version\n"
        "for name in ('recordmill', 'tensorflow_cpu', 'numpy'):\n"
        "    print(name, version(name))"
    )
    said = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True, check=True).stdout
    versions = ", ".join(said.splitlines())
    system = f"{platform.system()} {platform.release()}"
    return f"{os.cpu_count()} x {cpu}, {system}, CPython {platform.python_version()}, {versions}"


def seconds(value: float) -> str:
    return f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


def lines_of(row: Row, same: bool) -> list[str]:
    """The row's lines: one per way."""
    ours = row.ways[0]
    # The target is against the fastest of those that do the whole of the work.
    rivals = [way for way in row.ways[1:] if ":" not in way.name]
    best = min(rivals, key=Way.median) if rivals else None
    lines = []
    for way in row.ways:
        rate = f"{row.size[0] / way.median():,.0f} {row.size[1]}/s" if row.size else ""
        ratio = "" if way is ours else f"{way.median() / ours.median():.2f}x"
        target = ""
        if row.target and way is best:
            met = "met" if way.median() / ours.median() >= row.target else "missed"
            target = f"{row.target:.3g}x: {met}"
        peak = max(run.peak_mb for run in way.runs)
        spread = f"{min(run.seconds for run in way.runs):.3f}-{max(run.seconds for run in way.runs):.3f}"
        title = row.title if way is ours else ""
        same_word = ("yes" if same else "**NO**") if way is ours else ""
        lines.append(
            f"| {title} | {way.name} | {seconds(way.median())} ({spread}) | {rate} | {ratio} | {target} "
            f"| {peak:.0f} MB | {same_word} |"
        )
    return lines


def limits(rows: list[Row]) -> list[str]:
    """Targets that are no ratios."""
    lines = []

    def line(title: str, value: float, limit: float, unit: str) -> None:
        met = "met" if value <= limit else "missed"
        lines.append(f"| {title} | {value:.3g} {unit} | {limit:g} {unit} | {met} |")

    for row in rows:
        ours = row.ways[0]
        peak = 150 if ours.command[1:2] == ["convert"] else None
        if row.peak or peak:
            line(f"peak memory: {row.title}", max(run.peak_mb for run in ours.runs), row.peak or peak, "MB")
        if row.title.endswith("--help"):
            line("`recordmill --help`", ours.median(), 0.15, "s")
        elif row.title.endswith("import recordmill"):
            line("`import recordmill` over bare Python", ours.median() - row.ways[1].median(), 0.05, "s")
    return lines
