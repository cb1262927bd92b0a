"""Images from where a dataset says they can be had: http and https alone, into a folder that is kept.

```
<cache>/<first 16 digits of the URL's SHA-256>/<last part of the URL's path>
```

A file there is whole: it got its name when it was. What the server sends is not an image by its word: the conversion
looks at its first bytes as at any other.
"""

import contextlib
import hashlib
import http.client
import os
import re
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

_CHUNK = 256 * 1024
# Answers that another try may better.
_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class Fetching(NamedTuple):
    """How images are fetched.

    Attributes:
        cache: The folder that they are kept in.
        max_bytes: Of one image.
        tries: In all, with a wait between them that doubles, or that the server asks for (a minute at most).
        timeout: Seconds that a server may be silent.
        workers: Images at a time.
    """

    cache: Path
    max_bytes: int
    tries: int
    timeout: float
    workers: int


def default_cache() -> Path:
    """`$XDG_CACHE_HOME/recordmill/images`, or below `~/.cache`, or below `%LOCALAPPDATA%`."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "recordmill" / "images"


class _Redirects(urllib.request.HTTPRedirectHandler):
    """To http and https alone: the standard library follows to FTP too."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        if not is_web(newurl):
            raise urllib.error.URLError(f"it leads to {newurl[:200]}, which is neither http nor https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def is_web(url: str) -> bool:
    """Whether it is a URL that is fetched."""
    return url.lower().startswith(("http://", "https://"))


def place_of(url: str) -> str:
    """Where an image is kept, below the cache."""
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    name = urllib.parse.unquote(urllib.parse.urlsplit(url).path).rpartition("/")[2]
    name = re.sub(r"[^\w.-]", "_", name).strip("._")[-100:]
    return f"{digest}/{name or 'image'}"


class _RefusedError(Exception):
    """An answer that another try would not better."""


def fetch(url: str, how: Fetching, stop: threading.Event) -> tuple[str | None, str]:
    """The file of an image below the cache, or None and why."""
    if not is_web(url):
        return None, f"is not fetched: {url[:200]}: http and https alone are"
    place = place_of(url)
    target = how.cache / place
    if target.is_file():
        return place, ""
    reason, wait = "", 0.5
    for attempt in range(how.tries):
        if attempt and stop.wait(wait):
            break
        try:
            _download(url, target, how, stop)
        except urllib.error.HTTPError as error:
            reason = f"{url}: HTTP {error.code} {error.reason}"
            if error.code not in _AGAIN:
                break
            wait = max(2 * wait, _asked_wait(error.headers.get("Retry-After")))
            continue
        except _RefusedError as error:
            reason = f"{url}: {error}"
            break
        except (OSError, http.client.HTTPException, ValueError) as error:
            # A full disk is not the server's fault, and is one of the cache's files' own errors.
            if isinstance(error, OSError) and error.filename is not None:
                raise
            said = getattr(error, "reason", None) or error
            reason = f"{url}: {said or type(error).__name__}"
            wait *= 2
            continue
        return place, ""
    return None, f"could not be fetched: {reason}"


def _asked_wait(header: str | None) -> float:
    try:
        return min(float(header or 0), 60.0)
    except ValueError:
        return 0.0


def _download(url: str, target: Path, how: Fetching, stop: threading.Event) -> None:
    opener = urllib.request.build_opener(_Redirects)
    # Blanks and letters beyond ASCII stand in what labelling tools export.
    quoted = urllib.parse.quote(url, safe="%/:=&?~#+!$,;'@()*[]")
    request = urllib.request.Request(quoted, headers={"User-Agent": "recordmill", "Accept": "image/*,*/*"})
    with opener.open(request, timeout=how.timeout) as answer:
        length = answer.headers.get("Content-Length")
        expected = int(length) if length and length.isdigit() else None
        if expected is not None and expected > how.max_bytes:
            raise _RefusedError(f"{expected} bytes, and {how.max_bytes} are allowed")
        if answer.headers.get_content_type() == "text/html":
            raise _RefusedError("the server sent a web page (is a login needed?)")
        target.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=target.parent, prefix=".")
        try:
            with os.fdopen(number, "wb") as file:
                count = 0
                while chunk := answer.read(_CHUNK):
                    count += len(chunk)
                    if count > how.max_bytes:
                        raise _RefusedError(f"more than the {how.max_bytes} bytes that are allowed")
                    if stop.is_set():
                        raise _RefusedError("stopped")
                    file.write(chunk)
            if expected is not None and count != expected:
                raise http.client.IncompleteRead(b"", expected - count)
            if count == 0:
                raise _RefusedError("the server sent nothing")
            Path(name).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


def fetch_all(
    urls: list[tuple[int, str]], how: Fetching, tell: Callable[[int, int, float], object]
) -> list[tuple[int, str | None, str]]:
    """Fetches the image of each row; `tell` is called with how many are done, of how many, in how many seconds."""
    stop = threading.Event()
    start = time.monotonic()
    # Of one URL there is one file, whoever has it.
    distinct = list(dict.fromkeys(url for _, url in urls))
    found: dict[str, tuple[str | None, str]] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, how.workers), thread_name_prefix="recordmill-fetch")
    try:
        for url, result in zip(distinct, pool.map(lambda url: fetch(url, how, stop), distinct), strict=True):
            found[url] = result
            tell(len(found), len(distinct), time.monotonic() - start)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
    return [(row, *found[url]) for row, url in urls]
