"""How far a run is, for people: a bar on a terminal and in notebooks, a line now and then elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from recordmill._convert import Progress
from recordmill._report import size

# Seconds between lines where there is no terminal.
_INTERVAL = 10.0


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and hasattr(shell, "kernel")


# Description, done, of so many (0 if nobody knows), in words, seconds.
Tell = Callable[[str, int, int, str, float], None]


@contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """Gives what is to be called with the progress, and clears up behind it."""
    with _told("reading annotations") as tell:
        yield lambda progress: tell(
            progress.phase, progress.images, progress.images_total, state(progress), progress.seconds
        )


@contextmanager
def reading_shown() -> Iterator[Callable[[int, int, int, float], None]]:
    """The same for work on records: bytes read, bytes in all, records, seconds. What is done at once shows nothing."""
    with ExitStack() as stack:
        tell: Tell | None = None

        def show(done: int, total: int, records: int, seconds: float) -> None:
            nonlocal tell
            if tell is None:
                tell = stack.enter_context(_told("reading"))
            of = f" of {size(total)}" if total else ""
            rate = size(done / max(seconds, 1e-9))
            tell("reading", done, total, f"{records:,} records, {size(done)}{of}, {rate}/s", seconds)

        yield show


@contextmanager
def _told(first: str) -> Iterator[Tell]:
    if not (in_notebook() or sys.stderr.isatty()):
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(first, total=None, state="")

        def tell(description: str, done: int, total: int, words: str, _seconds: float) -> None:
            bar.update(task, description=description, completed=done, total=total or None, state=words)

        yield tell


def state(progress: Progress) -> str:
    """Counts and rates in words."""
    if not progress.images_total:
        return ""
    seconds = max(progress.seconds, 1e-9)
    rates = f"{progress.images / seconds:,.0f}/s, {size(progress.bytes / seconds)}/s"
    return f"{progress.images:,}/{progress.images_total:,} images, {rates}"


def _lines() -> Tell:
    last = 0.0

    def tell(description: str, done: int, total: int, words: str, seconds: float) -> None:
        nonlocal last
        if seconds - last < _INTERVAL:
            return
        last = seconds
        left = f", {seconds * (total - done) / done:,.0f} s left" if done and total else ""
        print(f"{description}: {words}{left}" if words else description, file=sys.stderr, flush=True)

    return tell
