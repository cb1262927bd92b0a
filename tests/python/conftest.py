"""Switches of the whole run: TensorFlow as the referee, slow sweeps, how many random cases."""

import importlib.util
import os
import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.python.support import BAD, GOOD, csv

FULL = os.environ.get("RECORDMILL_FULL") == "1"
PEERS = os.environ.get("RECORDMILL_PEERS") == "1"
BROWSER = os.environ.get("RECORDMILL_BROWSER") == "1"
REQUIRE_TF = os.environ.get("RECORDMILL_REQUIRE_TF") == "1"

# TensorFlow's own chatter; it reads this on import.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

# A shell gives its background jobs an ignored SIGINT, which the programs that tests start would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

for name, examples in (("quick", 50), ("full", 2000)):
    settings.register_profile(
        name, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
settings.load_profile("full" if FULL else "quick")


def has_chromium() -> bool:
    """Whether there is a browser, and what drives it."""
    return any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))) and bool(
        shutil.which("chromedriver")
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves slow sweeps out of quick runs, and tests of TensorFlow where there is none and none is asked for."""
    no_browser = not BROWSER and not (has_chromium() and importlib.util.find_spec("selenium"))
    no_tensorflow = not REQUIRE_TF and importlib.util.find_spec("tensorflow") is None
    for item in items:
        # Its keywords have the names of folders too: a checkout named like a mark would skip every test.
        marks = {mark.name for mark in item.iter_markers()}
        if not FULL and "slow" in marks:
            item.add_marker(pytest.mark.skip(reason="slow: run by make test-full"))
        if not PEERS and "peers" in marks:
            item.add_marker(pytest.mark.skip(reason="other formats' libraries: run by make test-full"))
        if no_browser and "browser" in marks:
            item.add_marker(pytest.mark.skip(reason="no Chromium, or no Selenium: make test-full has them"))
        if no_tensorflow and "tensorflow" in marks:
            item.add_marker(pytest.mark.skip(reason="no TensorFlow: make test has it"))


@pytest.fixture(scope="session")
def tf():
    """TensorFlow, which `make test` does not let anybody skip."""
    if REQUIRE_TF:
        import tensorflow as tf

        return tf
    return pytest.importorskip("tensorflow")


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared(project: Path) -> Path:
    """Real datasets and TensorFlow's golden rows, which lie beside the project where it is developed."""
    folder = Path(os.environ.get("RECORDMILL_SHARED", project.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no {folder}: set RECORDMILL_SHARED")
    return folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Two images and three boxes, nothing wrong."""
    return csv(tmp_path / "good", *GOOD)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """The same images, and one of each kind of fault."""
    return csv(tmp_path / "bad", *BAD)
