"""`recordmill` and `python -m recordmill`: exit codes, and quiet ends."""

import contextlib
import gc
import os
import signal
import sys
from typing import NoReturn


class _Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: what is half done is cleared away as after Ctrl-C."""

    def __init__(self, number: int) -> None:
        self.number = number


def main() -> int:
    """Runs the command line and gives the exit code."""
    if sys.stdout is None:
        # Else the next file that is opened gets its number, and what is printed.
        _say_last("recordmill: standard output is closed")
        return 1
    for stream in (sys.stdout, sys.stderr):
        # Names and texts are in any language, terminals are not.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for name in ("SIGTERM", "SIGHUP"):
        # What starts a process may have chosen that it ignores them.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _terminate)
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
        except click.Abort as error:
            return _interrupted(error.__cause__)
        else:
            return code if isinstance(code, int) else 0
    except KeyboardInterrupt as error:
        return _interrupted(error)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            # The commands say their own errors; this one is of what they print to.
            _say_last(f"recordmill: cannot write the result: {error.strerror or error}")
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        # Whoever read the output has seen enough. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _terminate(number: int, _frame: object) -> None:
    raise _Terminated(number)


def _say_last(message: str) -> None:
    with contextlib.suppress(OSError):
        print(message, file=sys.stderr)


def _interrupted(cause: BaseException | None) -> int:
    if isinstance(cause, _Terminated):
        # As a shell has it.
        return 128 + cause.number
    _say_last("interrupted")
    return 130


def run() -> NoReturn:
    """Runs the command line and ends the process.

    The interpreter's own clearing up takes about as long as its start. Nothing needs it: files are closed, threads have
    ended with the call that made them. (mypy ends in this way too.)
    """
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            # What was printed did not arrive; that is no success.
            code = code or 1
    os._exit(code)


if __name__ == "__main__":
    run()
