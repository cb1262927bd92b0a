"""Pages of `view` and `check --html` in a real browser: headless Chromium, driven by Selenium, from files on the disk.

Expectations come from the annotation files, which are read here by other means.
"""

import json
import os
import shutil
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import recordmill as rm

from tests.python.support import png
from tests.python.test_view import HOSTILE, coco, every_shape, turned

pytestmark = pytest.mark.browser

WIDE, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert binary, "no Chromium"
    options.binary_location = binary
    for switch in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        f"--window-size={WIDE[0]},{WIDE[1]}",
    ):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or "chromedriver"))
    driver.set_script_timeout(20)
    yield driver
    driver.quit()


class Browser:
    """The page that is open."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, size: tuple[int, int] = WIDE) -> "Browser":
        phone = size[0] < 600
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": phone}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get(path.as_uri())
        return self

    def scheme(self, name: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, *arguments: Any) -> Any:
        """The first result of the script that is true."""
        end = time.monotonic() + 10
        while not (found := self.run(script, *arguments)):
            assert time.monotonic() < end, script
            time.sleep(0.02)
        return found

    def keys(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def click(self, selector: str) -> None:
        from selenium.webdriver.common.by import By

        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def choose(self, name: str, value: str) -> None:
        """Chooses or types in a field of the tools."""
        self.run(
            """const field = document.querySelector(`[name="${arguments[0]}"]`);
            field.value = arguments[1];
            for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, {bubbles: true}));""",
            name,
            value,
        )

    def visible(self) -> list[str]:
        """Names of the files on the cards that are to be seen, in order."""
        return self.run(
            """return [...document.querySelectorAll(".gallery li")].filter((card) => card.offsetParent)
            .map((card) => card.querySelector(".name").textContent)"""
        )

    def quiet(self) -> None:
        """Nothing was complained about, and nothing asked of any network."""
        assert self.driver.get_log("browser") == []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                assert message["params"]["request"]["url"].startswith(("file:", "data:")), message


@pytest.fixture
def browser(chromium: Any) -> Iterator[Browser]:
    browser = Browser(chromium)
    browser.scheme("light")
    for kind in ("browser", "performance"):
        chromium.get_log(kind)
    yield browser
    browser.quiet()


Drawn = dict[str, list[tuple[str, list[float]]]]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Drawn]:
    """A page of the example, and class and box of each object by the image's name, as the XML files have them.

    VOC's corners are taken as they stand: these files do not say that they are of the challenge.
    """
    folder = Path(__file__).resolve().parents[2] / "examples" / "shapes"
    boxes: Drawn = {}
    for file in sorted(folder.glob("*/*.xml")):
        root = ET.parse(file).getroot()
        name = f"{file.parent.name}/{root.findtext('filename')}"
        boxes[name] = [
            (
                row.findtext("name") or "",
                [float(row.findtext(f"bndbox/{side}") or "nan") for side in ("xmin", "ymin", "xmax", "ymax")],
            )
            for row in root.iter("object")
        ]
    page = tmp_path_factory.mktemp("shapes") / "shapes.html"
    rm.view(folder).save(page)
    return page, boxes


def names(boxes: Drawn, wanted: Callable[[str, list[tuple[str, list[float]]]], bool]) -> list[str]:
    return [name.split("/")[1] for name, objects in boxes.items() if wanted(name, objects)]


def test_filters_show_the_images_that_are_so(browser: Browser, shapes: tuple[Path, Drawn]) -> None:
    page, boxes = shapes
    browser.open(page)
    assert browser.visible() == names(boxes, lambda *_: True)
    classes = {
        text.split(" (")[0]: value
        for value, text in browser.run(
            "return [...document.querySelectorAll('select[name=class] option')].map((one) => [one.value, one.textContent])"
        )
    }
    for name in ("circle", "square", "triangle"):
        browser.choose("class", classes[name])
        wanted = names(boxes, lambda _, objects: any(word == name for word, _ in objects))  # noqa: B023
        assert 0 < len(wanted) < len(boxes)
        assert browser.visible() == wanted
    assert browser.run("return document.querySelector('[role=status]').textContent") == f"{len(wanted)} of 24 shown"
    # With a class, its objects are what is counted, and the others are dimmed.
    browser.choose("least", "2")
    two = names(boxes, lambda _, objects: sum(word == "triangle" for word, _ in objects) >= 2)
    assert browser.visible() == two
    assert two
    dimmed = """return [...document.querySelectorAll(".gallery li")].filter((card) => card.offsetParent)
        .map((card) => [...card.querySelectorAll("g")].map((one) => one.classList.contains("dim")))"""
    for name, dims in zip(two, browser.wait(dimmed), strict=True):
        objects = next(objects for key, objects in boxes.items() if key.endswith(f"/{name}"))
        assert sorted(dims) == sorted(word != "triangle" for word, _ in objects)
    browser.click("#clear")
    assert len(browser.visible()) == 24
    browser.choose("split", "valid")
    assert browser.visible() == names(boxes, lambda key, _: key.startswith("valid/"))
    browser.click("#clear")
    browser.choose("most", "0")
    assert browser.visible() == names(boxes, lambda _, objects: not objects)
    browser.click("#clear")
    browser.choose("object", "small")
    small = names(boxes, lambda _, objects: any((x1 - x0) * (y1 - y0) < 32**2 for _, (x0, y0, x1, y1) in objects))
    assert browser.visible() == small
    browser.click("#clear")
    browser.choose("text", "SHEET-1")
    assert browser.visible() == names(boxes, lambda key, _: "sheet-1" in key)
    browser.choose("text", "nothing is called so")
    assert browser.visible() == []
    assert browser.run("return document.querySelector('.none').offsetParent !== null")
    browser.click("#clear")
    browser.choose("order", "most")
    found = browser.visible()
    by_name = {key.split("/")[1]: len(objects) for key, objects in boxes.items()}
    assert [by_name[name] for name in found] == sorted(by_name.values(), reverse=True)


# Where boxes are drawn, against the image below them, in pixels of the image.
MEASURE = """
    const frame = arguments[0];
    const image = frame.querySelector("img").getBoundingClientRect();
    const scale = arguments[1] / image.width;
    return [image.width, image.width / image.height, [...frame.querySelectorAll("rect.over")].map((rect) => {
      const box = rect.getBoundingClientRect();
      return [box.left - image.left, box.top - image.top, box.right - image.left, box.bottom - image.top].map((side) => side * scale);
    })];
"""


def test_boxes_are_drawn_where_the_data_says(browser: Browser, shapes: tuple[Path, Drawn]) -> None:
    page, boxes = shapes
    browser.open(page)
    data = json.loads(browser.run("return document.getElementById('items').textContent"))
    checked = 0
    for place, item in enumerate(data):
        objects = boxes[item["key"]]
        if not objects:
            continue
        card = f"document.querySelectorAll('.gallery li')[{place}]"
        browser.run(f"{card}.scrollIntoView()")
        frame = browser.wait(
            f"const one = {card}.querySelector('.frame'); return one && one.querySelector('img').complete && one"
        )
        for where in ("card", "detail"):
            if where == "detail":
                browser.run(f"{card}.querySelector('button').click()")
                frame = browser.wait(
                    """const one = document.querySelector("dialog .frame");
                    return one && one.style.width && one.querySelector("img").complete && one"""
                )
            width, ratio, found = browser.run(MEASURE, frame, item["size"][0])
            assert width > (100 if where == "card" else 400)
            assert ratio == pytest.approx(item["size"][0] / item["size"][1], rel=0.01)
            # A pixel of the screen, in pixels of the image.
            pixel = max(item["size"][0] / width, 1)
            for box, wanted in zip(sorted(found), sorted(box for _, box in objects), strict=True):
                assert box == pytest.approx(wanted, abs=pixel), (item["key"], where)
            checked += len(found)
        browser.run("document.querySelector('dialog').close()")
    assert checked == 2 * sum(map(len, boxes.values()))


def test_by_keyboard_alone(browser: Browser, shapes: tuple[Path, Drawn]) -> None:
    from selenium.webdriver.common.keys import Keys

    page, boxes = shapes
    everything = list(boxes)
    browser.open(page)
    focused = "return document.activeElement.className + ' ' + (document.activeElement.querySelector('.name')?.textContent ?? '')"
    opened = "return document.querySelector('dialog').open && document.getElementById('detail-name').textContent"
    browser.keys("/")
    assert browser.run("return document.activeElement.name") == "text"
    browser.keys("sheet-0")
    assert len(browser.visible()) == 9 + sum("valid/sheet-0" in key for key in everything)
    browser.keys(Keys.ESCAPE)
    assert len(browser.visible()) == 24
    browser.keys("/", Keys.ENTER)
    assert browser.run(focused) == "card sheet-01.jpg"
    browser.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert browser.run(focused) == f"card {everything[2].split('/')[1]}"
    # The ring around what has the focus is to be seen.
    assert browser.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    columns = browser.run(
        "return getComputedStyle(document.querySelector('.gallery')).gridTemplateColumns.split(' ').length"
    )
    browser.keys(Keys.ARROW_DOWN)
    assert browser.run(focused) == f"card {everything[2 + columns].split('/')[1]}"
    browser.keys(Keys.ARROW_UP, Keys.ENTER)
    assert browser.wait(opened) == everything[2]
    browser.keys(Keys.ARROW_RIGHT)
    assert browser.run(opened) == everything[3]
    browser.keys(Keys.ARROW_DOWN)
    assert browser.run("return document.querySelectorAll('dialog tr.on').length") == 1
    assert browser.run("return document.querySelectorAll('dialog g.dim').length") == len(boxes[everything[3]]) - 1
    browser.keys(Keys.ESCAPE)
    assert browser.run(opened) is False
    # The focus is where it was left off; the browser first puts it where the dialog was opened.
    left = everything[3].split("/")[1]
    browser.wait(f"return document.activeElement.querySelector('.name')?.textContent === {left!r}")
    browser.run("document.getElementById('tab-images').focus()")
    browser.keys(Keys.ARROW_RIGHT)
    assert browser.run("return document.querySelector('[aria-selected=true]').textContent") == "Statistics"
    assert browser.run("return document.getElementById('part-images').hidden")


def test_the_object_table_and_the_image_belong_together(browser: Browser, shapes: tuple[Path, Drawn]) -> None:
    page, boxes = shapes
    browser.open(page)
    key = next(key for key, objects in boxes.items() if len(objects) == 4)
    place = list(boxes).index(key)
    browser.run(f"document.querySelectorAll('.card')[{place}].click()")
    rows = browser.run(
        "return [...document.querySelectorAll('.objects tbody tr')].map((row) => row.cells[0].firstChild.nextSibling.textContent + ' ' + row.cells[1].textContent + ' ' + row.cells[2].textContent.replace('\u00d7', 'x'))"
    )
    assert rows == [f"{word} {x0:g}, {y0:g} {x1 - x0:g} x {y1 - y0:g}" for word, (x0, y0, x1, y1) in boxes[key]]
    tags = browser.run("return [...document.querySelectorAll('dialog .tag')].map((tag) => tag.textContent)")
    assert sorted(tags) == sorted(word for word, _ in boxes[key])
    browser.click("dialog button[aria-label=Close]")
    browser.click("[data-draws=labels]")
    browser.click("[data-draws=boxes]")
    hidden = (
        "return [...document.querySelectorAll('.tag, .box')].every((one) => getComputedStyle(one).display === 'none')"
    )
    assert browser.run(hidden)


def test_text_of_the_data_stays_text(browser: Browser, tmp_path: Path) -> None:
    rows = [
        {"image_id": "a.png", "category_id": place + 1, "bbox": [place * 9, 0, 9, 20], "attributes": {name: name}}
        for place, name in enumerate(HOSTILE)
    ]
    source = coco(tmp_path, {"a.png": (60, 30)}, rows, HOSTILE)
    page = tmp_path / "page.html"
    rm.view(source, title=HOSTILE[1]).save(page)
    browser.open(page)
    assert browser.run("return document.title") == HOSTILE[1]
    assert browser.run("return document.getElementById('title').textContent") == HOSTILE[1]
    browser.click(".card")
    names = browser.run(
        "return [...document.querySelectorAll('.objects tbody tr')].map((row) => row.cells[0].childNodes[1].textContent)"
    )
    assert names == HOSTILE
    for tab in ("statistics", "problems"):
        browser.run("document.querySelector('dialog').close()")
        browser.click(f"#tab-{tab}")
    shown = browser.run("return [...document.querySelectorAll('.bars .label')].map((label) => label.textContent)")
    assert set(HOSTILE) <= set(shown)
    assert browser.run(
        "return [document.scripts.length, document.images.length > 0, document.querySelectorAll('[onerror]').length]"
    ) == [4, True, 0]
    # Were there a mistake in the script, nothing would come of it: text does not become elements, and what is put in does not run.
    browser.quiet()
    outcome = browser.run(
        """window.ran = false;
        let refused = false;
        try { document.body.innerHTML = "<img src=x onerror='window.ran = true'>"; } catch { refused = true; }
        const button = document.createElement("button");
        try { button.setAttribute("onclick", "window.ran = true"); } catch { refused = refused && true; }
        document.body.append(button);
        button.click();
        const script = document.createElement("script");
        try { script.textContent = "window.ran = true"; document.body.append(script); } catch { /* refused */ }
        return [refused, window.ran];"""
    )
    assert outcome == [True, False]
    browser.driver.get_log("browser")


def brightness(browser: Browser) -> list[float]:
    """Of the page's ground and its letters, 0 to 255."""
    return browser.run(
        """const style = getComputedStyle(document.body);
        return [style.backgroundColor, style.color].map((color) => {
          const context = document.createElement("canvas").getContext("2d");
          context.fillStyle = color;
          context.fillRect(0, 0, 1, 1);
          const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
          return (red + green + blue) / 3;
        });"""
    )


def test_light_and_dark(browser: Browser, shapes: tuple[Path, Drawn]) -> None:
    browser.scheme("dark")
    browser.open(shapes[0])
    browser.run("localStorage.clear()")
    browser.open(shapes[0])
    ground, ink = brightness(browser)
    assert ground < 60
    assert ink > 200
    browser.click("#theme")
    assert browser.run("return document.documentElement.dataset.theme") == "light"
    ground, ink = brightness(browser)
    assert ground > 200
    assert ink < 60
    browser.scheme("light")
    browser.click("#theme")
    ground, ink = brightness(browser)
    assert ground < 60
    # The choice stays.
    browser.open(shapes[0])
    assert brightness(browser)[0] < 60
    browser.click("#theme")
    assert brightness(browser)[0] > 200


def test_a_phone_has_no_sideways_scrolling(
    browser: Browser, bad: Path, shapes: tuple[Path, Drawn], tmp_path: Path
) -> None:
    health = tmp_path / "health.html"
    rm.check(bad, html=health)
    records = tmp_path / "records.html"
    rm.convert(Path(__file__).resolve().parents[2] / "examples" / "shapes", tmp_path / "out")
    rm.view(tmp_path / "out").save(records)
    wide = "return [document.documentElement.scrollWidth, document.querySelector('dialog').scrollWidth]"
    for page in (shapes[0], health, records):
        browser.open(page, PHONE)
        for tab in browser.run("return [...document.querySelectorAll('[role=tab]')].map((tab) => tab.id)"):
            browser.click(f"#{tab}")
            assert browser.run(wide)[0] == PHONE[0], (page.name, tab)
        browser.click("#tab-images")
        browser.click(".tools > #more")
        assert browser.run(wide)[0] == PHONE[0]
        assert browser.run("return document.querySelector('select[name=class]').offsetParent !== null")
        browser.run("document.querySelector('.card').click()")
        page_width, dialog_width = browser.run(wide)
        assert page_width == PHONE[0]
        assert dialog_width <= PHONE[0]
    browser.open(shapes[0])


def test_outlines_masks_keypoints_and_turned_boxes(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    rm.view(every_shape(tmp_path / "coco")).save(page)
    browser.open(page)
    browser.wait("return document.querySelector('.frame')")
    inside = """
        const image = document.querySelector(".frame img").getBoundingClientRect();
        const paths = [...document.querySelectorAll("path.fill")];
        return arguments[0].map(([x, y]) => paths.filter((path) => path.isPointInFill(new DOMPoint(x, y))).length);
    """
    # Points: in both, in the triangle and the hole of the ring, in the ring alone, in neither.
    assert browser.run(inside, [[25, 15], [35, 22], [21, 38], [60, 50]]) == [2, 1, 1, 0]
    assert browser.run("return getComputedStyle(document.querySelector('path.fill')).fill") == "rgb(255, 90, 95)"
    assert browser.run("return document.querySelectorAll('.crowd').length") == 2
    # Two points, one bone; the one that is hidden has a mark of its own, the one that is not labelled has none.
    assert browser.run(
        "return ['.knot.over', '.bone.over', '.knot.hidden'].map((one) => document.querySelectorAll(one).length)"
    ) == [2, 1, 1]
    point = """
        const image = document.querySelector(".frame img").getBoundingClientRect();
        const box = document.querySelectorAll(".knot.over")[1].getBoundingClientRect();
        return [(box.left + box.right) / 2 - image.left, (box.top + box.bottom) / 2 - image.top].map((side) => side * 80 / image.width);
    """
    assert browser.run(point) == pytest.approx([13, 14], abs=1)
    browser.click("[data-draws=outlines]")
    assert browser.run("return getComputedStyle(document.querySelector('path.fill')).display") == "none"
    browser.click(".card")
    text = browser.run("return document.querySelector('.objects').textContent")
    assert "2 keypoints: nose, eye" in text
    assert "crowd" in text

    rm.view(turned(tmp_path / "obb"), source_format="yolo-obb").save(page)
    browser.open(page)
    corners = "return document.querySelector('path.over.box')?.getAttribute('d')"
    assert browser.wait(corners) == "M50 10L90 30L50 50L10 30Z"
    assert browser.run("return document.querySelectorAll('rect').length") == 0


def test_the_health_report_leads_to_its_images(browser: Browser, bad: Path, tmp_path: Path) -> None:
    page = tmp_path / "health.html"
    health = rm.check(bad, html=page)
    browser.open(page)
    assert browser.run("return document.querySelector('[aria-selected=true]').id") == "tab-problems"
    kinds = browser.run(
        """return Object.fromEntries([...document.querySelectorAll("details.kind")]
        .map((one) => [one.querySelector("b").textContent, Number(one.querySelector(".value").textContent)]))"""
    )
    assert kinds == health.problem_counts
    tiles = browser.run(
        "return [...document.querySelectorAll('#part-problems .tile b')].map((one) => Number(one.textContent))"
    )
    severities = [problem.severity for problem in health.problems]
    assert tiles[:3] == [severities.count(word) for word in ("error", "fixed", "note")]
    browser.run(
        """[...document.querySelectorAll("details.kind")].find((one) => one.querySelector("b").textContent === "box-outside")
        .querySelector("button.link").click()"""
    )
    assert browser.wait("return document.getElementById('detail-name').textContent") == "a.png"
    told = browser.run("return [...document.querySelectorAll('dialog .problem .chip')].map((chip) => chip.textContent)")
    assert "box-outside" in told
    # The box goes over the edge of the image, as the annotation says: 90 of 40.
    frame = browser.wait(
        "const one = document.querySelector('dialog .frame'); return one.style.width && one.querySelector('img').complete && one"
    )
    _, _, found = browser.run(MEASURE, frame, 40)
    assert [5, 5, 90, 30] in [pytest.approx(box, abs=1) for box in found]


def test_records_of_any_kind(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "table.tfrecord"
    with rm.TFRecordWriter(file) as writer:
        for number in range(30):
            writer.write_example({"number": number, "name": f"row {number}"})
        writer.write(b"neither <b>bold</b>")
    page = tmp_path / "page.html"
    rm.view(file).save(page)
    browser.open(page)
    assert browser.visible() == [f"table.tfrecord #{number}" for number in range(31)]
    assert "row 7" in browser.run("return document.querySelectorAll('.card')[7].textContent")
    browser.click(".card")
    features = browser.run(
        "return [...document.querySelectorAll('dialog .features tbody tr')].map((row) => [row.cells[0].textContent, row.cells[1].textContent])"
    )
    assert features == [["namebytes, 1 value", '"row 0"'], ["numberint64, 1 value", "0"]]
    browser.run("document.querySelector('dialog').close()")
    browser.click("#tab-schema")
    rows = browser.run(
        "return [...document.querySelectorAll('#part-schema tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert rows[0][:2] == ["table.tfrecord", "31"]
    assert rows[2][:4] == ["number", "int64", "30", "1"]
    assert "0 to 29" in rows[2][4]


def test_a_notebook_shows_it_and_is_out_of_its_reach(browser: Browser, tmp_path: Path) -> None:
    page = rm.view(Path(__file__).resolve().parents[2] / "examples" / "shapes", limit=5)
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><meta charset=utf-8><title>mine</title>{page._repr_html_()}")
    browser.open(notebook)
    browser.driver.switch_to.frame(0)
    assert len(browser.visible()) == 5
    browser.click("#theme")
    assert browser.run("return document.documentElement.dataset.theme") == "light"
    assert browser.run("try { return parent.document.title } catch { return null }") is None
    browser.driver.switch_to.default_content()


# Tabs, then cards one after the other; gives cards, those without anything on them, and the width.
WALK = """
    const done = arguments[0];
    const wait = () => new Promise((go) => setTimeout(go, 20));
    (async () => {
      await wait();
      for (const tab of document.querySelectorAll("[role=tab]")) { tab.click(); await wait(); }
      document.getElementById("tab-images").click();
      await wait();
      const cards = [...document.querySelectorAll(".card")].slice(0, 4);
      for (const card of cards) { card.click(); await wait(); document.querySelector("dialog").close(); await wait(); }
      const bare = cards.filter((card) => !card.querySelector(".media").childElementCount).length;
      done([cards.length, bare, document.documentElement.scrollWidth]);
    })();
"""


@pytest.mark.slow
def test_datasets_of_every_format(browser: Browser, project: Path, tmp_path: Path) -> None:
    cards = formats = 0
    for folder in sorted(path for path in (project / "tests" / "data" / "formats").iterdir() if path.is_dir()):
        for case in sorted(
            path for path in folder.iterdir() if (path / "input").is_dir() and not path.name.startswith("bad")
        )[:2]:
            rm.view(case / "input", source_format=folder.name).save(tmp_path / "page.html")
            browser.open(tmp_path / "page.html")
            found = browser.driver.execute_async_script(WALK)
            assert found[1:] == [0, WIDE[0]], case
            browser.quiet()
            cards += found[0]
            formats += 1
    assert formats > 80
    assert cards > 150


@pytest.mark.slow
def test_a_hundred_thousand_images_open_at_once(browser: Browser, tmp_path: Path) -> None:
    images, annotations = [], []
    for number in range(100_000):
        name = f"{number % 100:02}/{number:06}.png"
        images.append({"id": number, "file_name": name, "width": 640, "height": 480})
        for place in range(8):
            x, y = (number * 7 + place * 31) % 600, (number * 13 + place * 17) % 440
            row = {
                "id": number * 8 + place,
                "image_id": number,
                "category_id": (number + place) % 80,
                "bbox": [x, y, 8 + place * 4, 30],
            }
            annotations.append(row | {"iscrowd": 0, "area": 30})
    categories = [{"id": place, "name": f"class {place}"} for place in range(80)]
    # Other names of few files: what is measured is the page, not a disk. A file system takes 60,000 names or so of one.
    for number in range(100):
        folder = tmp_path / f"{number:02}"
        folder.mkdir()
        (folder / "first").write_bytes(png(640, 480))
    for image in images:
        file = tmp_path / image["file_name"]
        os.link(file.parent / "first", file)
    path = tmp_path / "instances.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    page = tmp_path / "page.html"
    made = rm.view(path)
    made.save(page)
    assert (made.shown, made.of) == (200, 100_000)
    assert len(made.html) - made.picture_bytes < 1_000_000
    start = time.monotonic()
    browser.open(page)
    browser.wait("return document.querySelector('.frame img')?.complete")
    seconds = time.monotonic() - start
    assert seconds < 2, seconds
    assert len(browser.visible()) == 200
    start = time.monotonic()
    browser.choose("class", "3")
    assert 0 < len(browser.visible()) <= 200
    browser.click("#tab-statistics")
    assert browser.run("return document.querySelector('.tile b').textContent") == "100,000"
    assert time.monotonic() - start < 1
