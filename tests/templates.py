"""The templates of `Phrase` and of errors, as they stand in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from typer.main import get_command

import heedmap
from heedmap import errors
from heedmap.cli.help import paragraphs, translate
from heedmap.cli.main import app

SOURCE = Path(heedmap.__file__).parent
SIGNALS = frozenset(
    {"NotShareableError", "ReachedError", "TrainingError", "UntrueError", "_EnoughError"}
)
"""Errors of ours that are caught again, or speak to whoever trains what is shipped: English."""


@cache
def trees() -> dict[str, ast.Module]:
    """Every source file, by its path in the package."""
    paths = sorted(SOURCE.rglob("*.py"))
    texts = {path.relative_to(SOURCE).as_posix(): path.read_text("utf-8") for path in paths}
    return {name: ast.parse(text) for name, text in texts.items()}


@cache
def makers() -> frozenset[str]:
    """What makes a phrase of its first argument: `Phrase`, and every error of ours.

    `error` and `kind` are parameters that hold a class of ours.
    """
    known = {name for name, value in vars(errors).items() if isinstance(value, type)}
    known = {name for name in known if issubclass(getattr(errors, name), errors.HeedmapError)}
    classes = [
        n for tree in trees().values() for n in ast.walk(tree) if isinstance(n, ast.ClassDef)
    ]
    for _ in range(3):  # errors of errors
        known |= {c.name for c in classes if known & {ast.unparse(base) for base in c.bases}}
    return frozenset(known - SIGNALS - {"MissingExtraError"} | {"Phrase", "error", "kind"})


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call that makes a phrase, with the file that it stands in."""
    for name, tree in trees().items():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=maker), args=[_, *_]) if maker in makers():
                    yield name, node
                case _:
                    pass
        if name == "errors.py":
            supers = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.keywords)
            yield from ((name, n) for n in supers if ast.unparse(n.func) == "super().__init__")


def help_texts() -> set[str]:
    """Every paragraph of `--help`, of all commands, as a translation would meet it."""
    found: set[str] = set()

    def noted(text: str) -> str:
        found.update(paragraphs(text))
        return text

    command = get_command(app)
    context = command.make_context("heedmap", [], resilient_parsing=True)
    translate(command, context, noted)
    return found


def templates() -> dict[str, set[str]]:
    """Every template with the files that it stands in; those of help are in one of their own."""
    found = {text: {"help"} for text in help_texts()}
    for name, call in calls():
        template = call.args[0] if call.args else None
        if isinstance(template, ast.Constant) and isinstance(template.value, str):
            found.setdefault(template.value, set()).add(name)
    return found
