"""`recordmill` and `python -m recordmill`: exit codes, and quiet ends."""

import contextlib
import gc
import os
import sys
from typing import NoReturn


def main() -> int:
    """Runs the command line and gives the exit code."""
    try:
        # Nothing that is imported here is ever garbage: to look for some takes a tenth of the time of importing it.
        gc.disable()
        import click

        from recordmill._cli import cli

        gc.freeze()
        gc.enable()
        try:
            code = cli.main(standalone_mode=False, prog_name="recordmill")
            sys.stdout.flush()
        except click.exceptions.Exit as end:
            return end.exit_code
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except click.Abort:
            return _interrupted()
        else:
            return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        return _interrupted()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            # The commands say their own errors; this one is of what they print to.
            _say_last(f"recordmill: cannot write the result: {error.strerror or error}")
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        # Whoever read the output has seen enough. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _say_last(message: str) -> None:
    with contextlib.suppress(OSError):
        print(message, file=sys.stderr)


def _interrupted() -> int:
    print("interrupted", file=sys.stderr)
    return 130


def run() -> NoReturn:
    """Runs the command line and ends the process.

    The interpreter's own clearing up takes about as long as its start. Nothing needs it: files are closed, threads have
    ended with the call that made them. (mypy ends in this way too.)
    """
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # What was printed did not arrive; that is no success.
            code = code or 1
    os._exit(code)


if __name__ == "__main__":
    run()
