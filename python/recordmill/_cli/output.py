"""What commands say: results on stdout, messages on stderr, and the exit codes."""

import contextlib
import json
import re
import sys
from typing import Any

from recordmill._report import printable

DONE, PROBLEMS, REFUSED = 0, 1, 2
# As a shell has it for what SIGPIPE ended: whoever read the output has seen enough.
CUT_OFF = 141


def say(message: object) -> None:
    # Where nobody can be told (a full disk under the log), the exit code still says it.
    with contextlib.suppress(OSError):
        print(message, file=sys.stderr)


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def byte_of(offset: int, compression: str) -> str:
    """Where something is: in a compressed file a place in what it holds, which says nothing about its own bytes."""
    return f"byte {offset}" if compression == "none" else f"byte {offset} of the uncompressed data"


def place(finding: Any, compression: str) -> str:
    """Where something was found, before what it is."""
    if finding["record"] is None or finding["offset"] is None:
        return ""
    return f"record {finding['record']} at {byte_of(finding['offset'], compression)}: "


def failed(error: Exception, *, as_json: bool = False) -> int:
    """Says an error, where results are JSON as one of them too, and gives the exit code.

    What the system refuses is a problem; what the caller got wrong, or the source is, is refused.
    """
    wrong: tuple[type[Exception], ...] = ()
    message = _dashed(str(error))
    if isinstance(error, OSError) and error.filename is not None:
        what = [*getattr(error, "__notes__", []), _dashed(error.strerror or str(error))]
        message = f"{_text(error.filename)}: {': '.join(what)}"
        wrong = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError)
    say(printable(f"recordmill: {message}"))
    if as_json:
        print_json({"error": str(error)})
    return PROBLEMS if isinstance(error, OSError) and not isinstance(error, wrong) else REFUSED


def _dashed(message: str) -> str:
    """The message with the options as the command line calls them."""
    from recordmill._convert import LOAD_DEFAULTS, WRITE_DEFAULTS

    names = {"source_format": "from", "target_format": "to"}
    every = LOAD_DEFAULTS.keys() | WRITE_DEFAULTS.keys() | {"shard_records"}
    for name in sorted(every, key=len, reverse=True):
        flag = names.get(name, name.replace("_", "-"))
        # Not in a path or a text that somebody wrote; a name that is a word of its own at the beginning alone.
        before = r"(?<![\w/\\.\"'-])" if "_" in name else "^"
        message = re.sub(rf"{before}{name}(?![\w/\\.\"'-])", f"--{flag}", message)
    return message.replace("; overwrite replaces", "; --overwrite replaces")


def _text(path: str | bytes) -> str:
    return path.decode(errors="replace") if isinstance(path, bytes) else path.encode(errors="replace").decode()
