"""Images that a dataset gives URLs for: fetched when that is asked for, never otherwise."""

import http.server
import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import recordmill as rm

SHEET = Path(__file__).parents[2] / "examples" / "shapes" / "train" / "sheet-01.jpg"


class Server(http.server.ThreadingHTTPServer):
    """Says how often each path was asked for."""

    daemon_threads = True
    asked: Counter[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, code: int, data: bytes = b"", kind: str = "image/jpeg", **headers: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", headers.pop("length", str(len(data))))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        picture = SHEET.read_bytes()
        name = unquote(self.path)
        self.server.asked[name] += 1
        if name.startswith("/good"):
            self.answer(200, picture)
        elif name.startswith("/flaky") and self.server.asked[name] < 3:
            self.answer(503, Retry_After="0")
        elif name.startswith("/flaky"):
            self.answer(200, picture)
        elif name.startswith("/cut"):
            self.answer(200, picture[:100], length=str(len(picture)))
        elif name.startswith("/login"):
            self.answer(200, b"<html>", "text/html")
        elif name.startswith("/huge"):
            self.answer(200, b"", length=str(10**10))
        elif name.startswith("/moved"):
            self.answer(302, Location=f"{self.server.url}/good/moved.jpg")
        elif name.startswith("/file"):
            self.answer(302, Location=SHEET.as_uri())
        else:
            self.answer(404)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked = Counter()
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def coco(folder: Path, urls: list[str]) -> Path:
    images = [
        {"id": number, "file_name": f"{number}.jpg", "width": 96, "height": 64, "coco_url": url}
        for number, url in enumerate(urls, 1)
    ]
    objects = [
        {
            "id": image["id"],
            "image_id": image["id"],
            "category_id": 1,
            "bbox": [1, 2, 20, 20],
            "area": 400,
            "iscrowd": 0,
        }
        for image in images
    ]
    document = {"images": images, "annotations": objects, "categories": [{"id": 1, "name": "dog"}]}
    path = folder / "instances.json"
    path.write_text(json.dumps(document))
    return path


def test_nothing_is_fetched_without_being_asked(tmp_path: Path, server: Server) -> None:
    source = coco(tmp_path, [f"{server.url}/good/1.jpg"])
    with pytest.raises(rm.ConvertError):
        rm.convert(source, tmp_path / "out")
    rm.check(source)
    assert not server.asked


def test_images_are_fetched_once_and_kept(tmp_path: Path, server: Server) -> None:
    names = ["good/a b.jpg", "good/ü.jpg", "flaky/c.jpg", "moved/d.jpg", "good/a b.jpg"]
    source = coco(tmp_path, [f"{server.url}/{name}" for name in names])
    for out in ("first", "second"):
        report = rm.convert(source, tmp_path / out, download=True, cache=tmp_path / "cache")
        assert (report.images, report.objects) == (5, 5)
    assert server.asked == {
        "/good/a b.jpg": 1,
        "/good/ü.jpg": 1,
        "/flaky/c.jpg": 3,
        "/moved/d.jpg": 1,
        "/good/moved.jpg": 1,
    }
    kept = sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert kept == ["a_b.jpg", "c.jpg", "d.jpg", "ü.jpg"]
    dataset = rm.load(source).download(tmp_path / "cache")
    assert [image.read() for image in dataset] == [SHEET.read_bytes()] * 5
    assert not dataset.problems


def test_images_are_called_as_the_annotation_says(tmp_path: Path, server: Server) -> None:
    source = coco(tmp_path, [f"{server.url}/good/0a1b2c.jpg?size=9", f"{server.url}/good/sent?id=2"])
    rm.convert(source, tmp_path / "records", download=True, cache=tmp_path / "cache")
    records = rm.load(tmp_path / "records")
    assert records.images.name == ["1.jpg", "2.jpg"]
    rm.convert(source, tmp_path / "yolo", target_format="yolo", download=True, cache=tmp_path / "cache")
    names = sorted(path.name for path in (tmp_path / "yolo").rglob("*.jpg"))
    assert names == ["1.jpg", "2.jpg"]
    # Who names an image by its URL alone means the file there.
    url = f"{server.url}/good/a%20b.jpg?size=9"
    value = {"x": 1, "y": 2, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": ["dog"]}
    result = {"type": "rectanglelabels", "original_width": 96, "original_height": 64, "value": value}
    tasks = [{"id": 1, "data": {"image": url}, "annotations": [{"id": 1, "result": [result]}]}]
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(tasks))
    rm.convert(path, tmp_path / "voc", target_format="voc", download=True, cache=tmp_path / "cache")
    assert [path.name for path in (tmp_path / "voc").rglob("*.jpg")] == ["a b.jpg"]


def test_what_cannot_be_had_stays_missing_with_the_reason(tmp_path: Path, server: Server) -> None:
    names = ["gone.jpg", "login.jpg", "huge.jpg", "cut.jpg", "file.jpg", "good/a.jpg"]
    source = coco(tmp_path, [f"{server.url}/{name}" for name in names])
    dataset = rm.load(source).download(tmp_path / "cache", tries=2)
    said = [problem.message for problem in dataset.problems if problem.kind == "missing-image"]
    assert len(said) == 5
    for name, reason in [
        ("gone", "HTTP 404"),
        ("login", "web page"),
        ("huge", "allowed"),
        ("cut", ""),
        ("file", "http"),
    ]:
        assert any(f"/{name}.jpg" in message and reason in message for message in said), (name, said)
    assert server.asked["/gone.jpg"] == 1
    assert server.asked["/cut.jpg"] == 2
    report = dataset.save(tmp_path / "out", on_error="skip")
    assert (report.images, report.skipped.images) == (1, 5)
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()] == ["a.jpg"]


def test_only_the_web_is_fetched(tmp_path: Path) -> None:
    urls = [SHEET.as_uri(), "s3://bucket/a.jpg", "ftp://127.0.0.1/a.jpg"]
    dataset = rm.load(coco(tmp_path, urls)).download(tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
    said = [problem.message for problem in dataset.problems if problem.kind == "missing-image"]
    assert len(said) == 3
    for url, message in zip(urls, said, strict=True):
        assert f"{url}: http and https alone" in message
    with pytest.raises(rm.ConvertError, match="3 missing-image"):
        dataset.save(tmp_path / "out")


def test_a_cache_without_download_means_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="download"):
        rm.convert(coco(tmp_path, []), tmp_path / "out", cache=tmp_path)
