"""Tried remedies as files: `remedies.json` and `remedies.html` in one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from heedmap.ladder.messages import Language
from heedmap.phrase import Phrase
from heedmap.record.files import made_folder, write_whole
from heedmap.remedies.result import Remedies
from heedmap.report.remedies.wording import notes, sentence

PAGE, DATA = "remedies.html", "remedies.json"


def remedies_json(of: Remedies) -> str:
    """Everything that was measured, with its sentences in English; ASCII, so safe to print."""
    content: dict[str, Any] = of.model_dump(mode="json")
    content["sentence"] = sentence(of)
    content["notes"] = notes(of)
    return json.dumps(content, indent=1)


def write_remedies(of: Remedies, folder: Path, language: Language = "en") -> Path:
    """Write both files into a folder, which is made; the page's path.

    Older ones are replaced, and nothing else is touched. Raises RecordError when they cannot be
    written.
    """
    from heedmap.report.remedies.page import render_remedies

    made_folder(folder)
    write_whole(folder / DATA, remedies_json(of).encode(), Phrase("JSON file"))
    page = render_remedies(of, language).encode("utf-8", "replace")
    write_whole(folder / PAGE, page, Phrase("report"))
    return folder / PAGE
