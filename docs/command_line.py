"""Write the page of the command line from the program's own help: `python docs/command_line.py`.

Needs heedmap installed, without torch. `tests/test_site.py` fails when the page is out of date.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.testing import CliRunner

from heedmap.cli.main import app

PAGE = Path(__file__).parent / "command-line.md"
HEAD = """# Command line

This page is made from the program's own help by `python docs/command_line.py`.

Errors are one sentence on standard error, with exit code 1; a wrong option gives exit code 2.
Completion for bash, zsh, fish and PowerShell is installed by `heedmap --install-completion`;
`heedmap --show-completion` prints it instead.
"""


def names_of(group: typer.Typer, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command below a group as its words, in the order of the help."""
    for command in group.registered_commands:
        name = command.name or (command.callback.__name__ if command.callback else "")
        yield (*before, name.replace("_", "-"))
    for sub in group.registered_groups:
        if sub.typer_instance is not None:
            yield from names_of(sub.typer_instance, (*before, str(sub.name)))


def help_of(words: tuple[str, ...]) -> str:
    """What `heedmap WORDS --help` prints. Raises RuntimeError when it fails."""
    ran = CliRunner().invoke(app, [*words, "--help"], prog_name="heedmap")
    if ran.exit_code != 0:
        raise RuntimeError(f"heedmap {' '.join(words)} --help failed: {ran.output}")
    lines = (line.rstrip() for line in ran.output.strip().splitlines())
    return "\n".join(lines)


def page() -> str:
    """The whole page as Markdown."""
    os.environ["TERMINAL_WIDTH"] = os.environ["COLUMNS"] = "88"
    parts = [HEAD.rstrip()]
    for words in [(), *sorted(names_of(app))]:
        title = " ".join(["## heedmap", *words])
        parts.append(f"{title}\n\n```text\n{help_of(words)}\n```")
    return "\n\n".join(parts)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page() + "\n")


if __name__ == "__main__":
    main()
