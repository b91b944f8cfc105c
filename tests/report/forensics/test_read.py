"""The same figures come out of every form in which they are published."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from heedmap.errors import InputError
from heedmap.report.forensics.published import Published
from heedmap.report.forensics.read import read_published

SEED = Path(__file__).parents[2] / "fixtures" / "seed"
SUMMARY, PER_LAYER = SEED / "summary.csv", SEED / "per_layer.csv"


def cells(path: Path) -> list[list[str]]:
    """Rows of a CSV file without its header; percentages get their sign."""
    with path.open() as file:
        rows = list(csv.reader(file))[1:]
    return [[*row[:3], *(f"{figure}%" for figure in row[3:])] for row in rows]


@pytest.fixture(scope="module")
def seed() -> Published:
    return read_published(SUMMARY, PER_LAYER)


def test_the_seeds_tables(seed: Published) -> None:
    assert (len(seed.summary), len(seed.layers), len(seed.models)) == (12, 288, 4)
    assert seed.half_step_share == pytest.approx(0.0005)
    assert seed.text_len["exp41c_scratch_pta", "forward"] == 11
    row = seed.by_case()["exp41c_scratch_pta", "forward"][2]
    assert (row.layer, row.shares) == (2, {"image": 0.05, "text": 0.0})


def test_pasted_text_without_separators_is_divided_as_the_tables_were(
    seed: Published, tmp_path: Path
) -> None:
    """`...left1298.9%`: 12 and 98.9, not 129 and 8.9; the other table tells."""
    lines = ["A title", "ModelInstructiontext_lenLast Img%", *map("".join, cells(SUMMARY))]
    lines += ["Per Layer", "ModelInstructionLayer Image%Text%", *map("".join, cells(PER_LAYER))]
    path = tmp_path / "page.txt"
    path.write_text("\n".join(lines))
    assert read_published(path) == seed


def test_pasted_text_with_tabs(seed: Published, tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text("\n".join(map("\t".join, [*cells(SUMMARY), *cells(PER_LAYER)])))
    assert read_published(path) == seed


def test_a_page_as_html(seed: Published, tmp_path: Path) -> None:
    def table(rows: list[list[str]]) -> str:
        lines = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows)
        return f"<table><tr><th>Model</th><th>Instruction</th></tr>{lines}</table>"

    path = tmp_path / "page.html"
    path.write_text(f"<p>Text</p>{table(cells(SUMMARY))}{table(cells(PER_LAYER))}")
    assert read_published(path) == seed


def test_a_json_dump(tmp_path: Path) -> None:
    layer = {
        "layer": 0,
        "image_ratio_mean": 0.5,
        "text_ratio_mean": 0.0,
        "pad_ratio_mean": 0.25,
        "image_per_head": [0.4, 0.6],
        "text_per_head": [0.0, 0.0],
        "top_positions": [[3, 0.4], [256, 0.2]],
    }
    dump = {"m": {"left": {"text_len": 12, "seq_len": 257, "per_layer": [layer]}}}
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(dump))
    published = read_published(path)
    assert published.layers[0].shares == {"image": 0.5, "text": 0.0, "pad": 0.25}
    assert published.layers[0].per_head == {"image": (0.4, 0.6), "text": (0.0, 0.0)}
    assert published.layers[0].top_positions == (3, 256)
    assert published.half_step_share == 0
    assert (published.text_len["m", "left"], published.seq_len["m", "left"]) == (12, 257)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "a,b\n1,2\n", "has the columns a, b; expected model, instruction"),
        ("a.csv", "", "has the columns none"),
        ("a.csv", "model,instruction,layer,image_pct,text_pct\nm,l,0,x,0\n", "is no number"),
        ("a.json", "{", "is not JSON"),
        ("a.json", '{"m": {"left": {}}}', "per_layer"),
        ("a.html", "<p>nothing</p>", "holds no attention table"),
        ("a.txt", "nothing here", "holds no attention table"),
        ("a.txt", "mleft346.4%0.0%", "cannot be divided"),
        ("a.txt", "mleft1298.9%0.0%61.3%0.0%", "without the per-layer table"),
    ],
)
def test_what_holds_no_table_is_told(name: str, content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_published(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_published(tmp_path / "none.csv")
