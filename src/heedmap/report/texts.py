"""The report's words by language; `texts_en.py` and `texts_ko.py` hold them."""

from __future__ import annotations

from heedmap.report.texts_en import ENGLISH
from heedmap.report.texts_ko import KOREAN
from heedmap.sentence import Language

REGION_NAMES: dict[Language, dict[str, str]] = {
    "en": {
        "image": "Image",
        "text": "Text",
        "instruction": "Instruction",
        "template": "Template",
        "state": "State",
        "mixed": "Mixed",
        "special": "Special",
        "action": "Action",
        "padding": "Padding",
        "undeclared": "Rest",
    },
    "ko": {
        "image": "이미지",
        "text": "텍스트",
        "instruction": "명령",
        "template": "템플릿",
        "state": "상태",
        "mixed": "혼합",
        "special": "특수 토큰",
        "action": "액션",
        "padding": "패딩",
        "undeclared": "나머지",
    },
}

SHORT_NAMES: dict[Language, dict[str, str]] = {
    "en": {"instruction": "Instr."},
    "ko": {"special": "특수"},
}
"""For columns of figures, where the name itself would be the widest cell."""

TEXTS: dict[Language, dict[str, str]] = {"en": ENGLISH, "ko": KOREAN}
