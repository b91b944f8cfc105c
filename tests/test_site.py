"""The documentation as a site: it builds, nothing leads nowhere or outside, and it says what is so.

The tutorial's commands and blocks of Python are run here, in order, in one folder. Only `make demo`
is not run again: its command is `heedmap demo`, which the tests of the command line run.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.command_line import Ran, run_heedmap

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TUTORIAL = (DOCS / "tutorial.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", TUTORIAL, re.DOTALL)
COMMANDS = re.findall(r"^\$ (.*)$", TUTORIAL, re.MULTILINE)
FINDS_A_FAULT = "heedmap doctor my_policy:broken"
"""The command whose exit code is 1, as the page says."""


class _Page(HTMLParser):
    """What a page loads, where it leads, and which places in it can be led to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = {""}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.places.update(given[name] for name in ("id", "name") if name in given)
        # A canonical address names a page and loads nothing.
        leads = tag == "a" or (tag == "link" and given.get("rel") in ("canonical", "next", "prev"))
        for name in ("href", "src", "srcset", "data", "poster", "action", "xlink:href"):
            if name in given:
                (self.links if leads else self.loads).append(given[name])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it; a warning is an error."""
    made = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(made)]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return made


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, _Page]:
    return {path: _Page(path.read_text()) for path in sorted(site.rglob("*.html"))}


def is_outside(address: str) -> bool:
    """Whether a browser would ask another machine for it."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https", "ws", "wss", "ftp")


def test_no_page_loads_anything_from_outside(site: Path, pages: dict[Path, _Page]) -> None:
    for path, page in pages.items():
        assert [load for load in page.loads if is_outside(load)] == [], path
    loaded_by_style = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')]+)""")
    for style in [*site.rglob("*.css"), *pages]:
        assert loaded_by_style.findall(style.read_text()) == [], style


@pytest.mark.parametrize(
    "html", ['<script src="//cdn/x.js">', '<img src="http://x/y.png">', '<link href="https://x">']
)
def test_the_guard_sees_what_is_loaded_from_outside(html: str) -> None:
    assert [is_outside(load) for load in _Page(html).loads] == [True]


def test_every_internal_link_leads_somewhere(pages: dict[Path, _Page]) -> None:
    count = 0
    for path, page in pages.items():
        if path.name == "404.html":  # its addresses begin at the root of a server
            continue
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if is_outside(link) or parts.scheme in ("data", "mailto", "javascript"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path.name}: {link}"
            if target in pages and parts.fragment:
                assert unquote(parts.fragment) in pages[target].places, f"{path.name}: {link}"
            count += 1
    assert count > 500


def test_the_navigation_has_every_page(pages: dict[Path, _Page]) -> None:
    nav = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1].split("\ntheme:\n")[0]
    named = re.findall(r"[\w/-]+\.md", nav)
    assert sorted(named) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def test_every_public_name_is_described(pages: dict[Path, _Page]) -> None:
    import heedmap

    (page,) = (page for path, page in pages.items() if path.name == "python.html")
    assert {f"heedmap.{name}" for name in heedmap.__all__} <= page.places


def test_nothing_promises_a_package_index() -> None:
    ours = {
        "README.md",
        "README.ko.md",
        "CONTRIBUTING.md",
        *(f"docs/{path.name}" for path in DOCS.glob("*.md")),
    }
    promised = re.compile(r"^\$?\s*(?:python -m )?pip install '?heedmap", re.MULTILINE)
    for name in ours:
        assert not promised.search((ROOT / name).read_text()), name


def defined_in(path: Path) -> set[str]:
    """The names that a module defines at its top."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return names


def test_the_page_where_is_what_names_files_that_define_the_names() -> None:
    text = (DOCS / "where-is-what.md").read_text()
    rows = re.findall(r"^\| .* \| `(src/heedmap/[\w/]+\.py)` \| `(\w+)` \|$", text, re.MULTILINE)
    every = re.findall(r"^\| (?!question|you want)", text, re.MULTILINE)
    assert len(rows) == len(every) > 40
    for file, name in rows:
        assert (ROOT / file).is_file(), file
        assert name in defined_in(ROOT / file), f"{file} does not define {name}"


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/where-is-what.md", "docs/install.md"])
def test_files_that_a_page_names_exist(name: str) -> None:
    named = re.findall(r"`((?:src|tests|docs)/[\w/.-]+)`", (ROOT / name).read_text())
    for file in named:
        assert (ROOT / file).exists() or "NAME" in file, file


def test_the_page_of_the_command_line_is_current(tmp_path: Path) -> None:
    code = "import sys; sys.path.insert(0, 'docs'); import command_line; print(command_line.page())"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == (DOCS / "command-line.md").read_text().strip(), (
        "run `python docs/command_line.py`"
    )


def test_pictures_of_the_gallery_are_small() -> None:
    pictures = [*(DOCS / "gallery").iterdir(), *(DOCS / "assets").glob("*.svg")]
    assert {path.name: path.stat().st_size for path in pictures if path.stat().st_size > 3e5} == {}
    shown = set(re.findall(r"gallery/[\w.-]+", (DOCS / "gallery.md").read_text()))
    assert {f"gallery/{path.name}" for path in (DOCS / "gallery").iterdir()} <= shown


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """The tutorial gone through: what every command printed, by the command."""
    folder = tmp_path_factory.mktemp("tutorial")
    policy, frames, _ = PYTHON
    (folder / "my_policy.py").write_text(policy)
    (folder / "frames.py").write_text(frames)
    ran: dict[str, Ran] = {}
    for command in COMMANDS:
        program, *words = shlex.split(command)
        if program == "heedmap":
            ran[command] = run_heedmap(*words, cwd=folder)
        elif program == "python":
            ran[command] = run_python(folder, *words)
    ran["python"] = run_python(folder, "-c", PYTHON[2])
    return ran


def run_python(folder: Path, *words: str) -> Ran:
    ran = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def test_the_tutorial_can_be_gone_through(printed: dict[str, Ran]) -> None:
    for command, ran in printed.items():
        assert ran.code == int(command.startswith(FINDS_A_FAULT)), ran.err[-2000:]
        assert "Traceback" not in ran.err, command


def test_the_tutorial_shows_what_is_printed(printed: dict[str, Ran]) -> None:
    said = {" ".join(line.split()) for ran in printed.values() for line in ran.out.splitlines()}
    shown = re.findall(r"```text\n(.*?)```", TUTORIAL, re.DOTALL)
    lines = [" ".join(line.split()) for block in shown for line in block.splitlines()]
    assert len(lines) == 9
    for line in lines:
        assert line in said or set(line) == {"─"}, line
    assert printed["python"].out.strip() == PYTHON[2].split("#")[-1].strip()


def test_the_first_command_of_the_tutorial_is_the_demo() -> None:
    assert COMMANDS[0] == "make demo"
    recipe = re.search(r"^demo:.*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    assert recipe[1] == "$(BIN)/heedmap demo --out $(OUT)"
