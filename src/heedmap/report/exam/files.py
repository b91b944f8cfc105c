"""An exam as files: `exam.json`, `answers.parquet` and `exam.html` in one folder."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from heedmap.auditing.exam.result import AnswerRow, Exam, Taken
from heedmap.ladder.messages import Language
from heedmap.phrase import Phrase
from heedmap.record.files import made_folder, write_whole
from heedmap.report.exam.page import render_exam
from heedmap.report.exam.wording import kind_sentence, notes, policy_sentence
from heedmap.visible import whole_characters

PAGE, DATA, ANSWERS = "exam.html", "exam.json", "answers.parquet"
ANSWERS_SCHEMA = pa.schema(
    [
        ("frame", pa.string()),
        ("kind", pa.string()),
        ("instruction", pa.string()),
        ("variant", pa.string()),
        ("expected", pa.string()),
        ("own_action", pa.string()),
        ("action", pa.string()),
        ("scores", pa.list_(pa.float64())),
        ("distance", pa.float64()),
        ("as_it_should", pa.bool_()),
    ]
)


def exam_json(exam: Exam) -> str:
    """Everything that was measured, with its sentences in English; ASCII, so safe to print."""
    content: dict[str, Any] = exam.model_dump(mode="json")
    content["severity"] = exam.severity
    content["sentence"] = policy_sentence(exam)
    content["notes"] = notes(exam)
    for reading, stored in zip(exam.kinds, content["kinds"], strict=True):
        stored["sentence"] = kind_sentence(reading, exam)
    return json.dumps(content, indent=1)


def answers_table(rows: tuple[AnswerRow, ...]) -> pa.Table:
    """One row an answer; texts that are no Unicode have their halves of characters replaced."""
    return pa.Table.from_pylist([_row(row) for row in rows], schema=ANSWERS_SCHEMA)


def write_exam(taken: Taken, folder: Path, language: Language = "en") -> Path:
    """Write all files into a folder, which is made; the page's path.

    Older ones are replaced, and nothing else is touched. Raises RecordError when they cannot be
    written.
    """
    made_folder(folder)
    buffer = io.BytesIO()
    pq.write_table(answers_table(taken.rows), buffer, compression="zstd")
    write_whole(folder / ANSWERS, buffer.getvalue(), Phrase("table of answers"))
    write_whole(folder / DATA, exam_json(taken.exam).encode(), Phrase("JSON file"))
    page = render_exam(taken, language).encode("utf-8", "replace")
    write_whole(folder / PAGE, page, Phrase("report"))
    return folder / PAGE


def _row(row: AnswerRow) -> dict[str, Any]:
    return {
        key: whole_characters(value) if isinstance(value, str) else value
        for key, value in asdict(row).items()
    }
