"""What the README says can be done, is done here; what it derives from the program is what the program says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def readme(project: Path) -> str:
    return (project / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(project: Path, tmp_path: Path) -> Path:
    """Where the README's commands work: beside a dataset called `shapes`."""
    shutil.copytree(project / "examples" / "shapes", tmp_path / "shapes")
    return tmp_path


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def between(text: str, mark: str) -> str:
    found = re.search(rf"<!-- {mark}:begin -->\n(.*?)<!-- {mark}:end -->", text, flags=re.DOTALL)
    assert found is not None, mark
    return found[1]


def recordmill(*arguments: str, cwd: Path) -> str:
    command = [sys.executable, "-m", "recordmill", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def test_commands(readme: str, folder: Path) -> None:
    commands = [line[2:].split() for block in blocks(readme, "console") for line in block.splitlines()]
    assert len(commands) >= 5
    for command in commands:
        assert command[0] == "recordmill"
        assert recordmill(*command[1:], cwd=folder)


def test_python(readme: str, folder: Path) -> None:
    programs = blocks(readme, "python")
    assert programs
    for program in programs:
        done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") >= 3


def test_formats_are_what_the_program_knows(readme: str, tmp_path: Path) -> None:
    assert between(readme, "formats").strip() == recordmill("formats", "--markdown", cwd=tmp_path).strip()


def test_every_target_is_in_make_help(project: Path) -> None:
    done = subprocess.run(["make", "help"], cwd=project, capture_output=True, text=True, check=True)
    named = set(re.findall(r"^  ([a-z-]+)", done.stdout, flags=re.MULTILINE))
    assert {"help", "demo", "test", "test-full", "lint", "fmt", "bench", "fuzz", "wheel"} == named


def test_links_inside_the_project_lead_somewhere(project: Path) -> None:
    links = []
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (project / name).read_text(encoding="utf-8")
        headings = {
            re.sub(r"[^a-z -]", "", line.lower()).strip().replace(" ", "-")
            for line in re.findall(r"^#+ (.*)", text, re.MULTILINE)
        }
        for link in re.findall(r"\]\(([^)]+)\)", text):
            if link.startswith("#"):
                assert link[1:] in headings, link
            elif not link.startswith(("http://", "https://")):
                assert (project / link).exists(), link
            links.append(link)
    assert len(links) >= 10
