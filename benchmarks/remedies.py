"""Which remedy helps against which planted fault: the table of docs/remedies.md, written anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from heedmap.testbed.scoreboard.remedies import FRAMES, policies, table, tried_on

PAGE = Path("docs/remedies.md")
START, END = "<!-- remedies on planted faults -->\n", "<!-- end -->\n"


def main() -> None:
    """Print the table; with --write, put it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--only", nargs="+", help="planted policies by name")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE}")
    given = parser.parse_args()
    chosen = [each for each in policies() if not given.only or each.name in given.only]
    rows = [tried_on(plant, given.frames) for plant in chosen]
    print(table(rows))
    if given.write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), table(rows)), encoding="utf-8")


def written(page: str, content: str) -> str:
    """The page with the table between its marks."""
    before, rest = page.split(START)
    return f"{before}{START}\n{content}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    main()
