"""How far a conversion is, for people: a bar on a terminal and in notebooks, a line now and then elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from recordmill._convert import Progress
from recordmill._report import size

# Seconds between lines where there is no terminal.
_INTERVAL = 10.0


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and hasattr(shell, "kernel")


@contextmanager
def shown() -> Iterator[Callable[[Progress], None]]:
    """Gives what is to be called with the progress, and clears up behind it."""
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
        task = bar.add_task("reading annotations", total=None, state="")

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=progress.phase,
                completed=progress.images,
                total=progress.images_total or None,
                state=state(progress),
            )

        yield show


def state(progress: Progress) -> str:
    """Counts and rates in words."""
    if not progress.images_total:
        return ""
    seconds = max(progress.seconds, 1e-9)
    rates = f"{progress.images / seconds:,.0f}/s, {size(progress.bytes / seconds)}/s"
    return f"{progress.images:,}/{progress.images_total:,} images, {rates}"


def _lines() -> Callable[[Progress], None]:
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        if progress.seconds - last < _INTERVAL:
            return
        last = progress.seconds
        left = ""
        if progress.images and progress.images_total:
            seconds = progress.seconds * (progress.images_total - progress.images) / progress.images
            left = f", {seconds:,.0f} s left"
        text = state(progress)
        print(f"{progress.phase}: {text}{left}" if text else progress.phase, file=sys.stderr, flush=True)

    return show
