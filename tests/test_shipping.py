"""What is shipped is what was tested: this checkout, and a wheel that holds its data."""

import subprocess
import sys
import zipfile
from pathlib import Path

import audit
import bpmn
import web
import workflow
from bpmn.rulebook import SUFFIXES

ROOT = Path(__file__).parent.parent
TOP = {
    ".ci", ".git", ".github", "audit", "bpmn", "docs", "tests", "web", "workflow", "CHANGELOG.md", "LICENSE",
    "Makefile", "README.md", "README.zh-CN.md", "package-lock.json", "package.json", "pyproject.toml",
    "requirements.lock",
}  # fmt: skip


def test_the_packages_are_those_of_this_checkout():
    """Their names are common words: somebody else's `workflow` must not be tested by accident."""
    for package in (audit, bpmn, web, workflow):
        assert Path(package.__file__ or "").parent.parent == ROOT


def test_the_top_level_is_as_agreed():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {name.split("/")[0] for name in listed.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= TOP


def test_the_wheel_holds_the_data(tmp_path):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(tmp_path),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as built:
        names = set(built.namelist())
    data = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "bpmn").rglob("*") if path.suffix in SUFFIXES
    }
    assert data <= names, sorted(data - names)
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "web/templates").rglob("*.html")}
    assert pages <= names, sorted(pages - names)
    assert not {name for name in names if name.startswith("tests/")}
