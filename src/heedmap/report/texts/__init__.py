"""The report's words by language and part."""

from __future__ import annotations

from heedmap.report.texts.compare_en import ENGLISH as COMPARE_ENGLISH
from heedmap.report.texts.compare_ko import KOREAN as COMPARE_KOREAN
from heedmap.report.texts.en import ENGLISH
from heedmap.report.texts.figures_en import ENGLISH as FIGURES_ENGLISH
from heedmap.report.texts.figures_ko import KOREAN as FIGURES_KOREAN
from heedmap.report.texts.ko import KOREAN
from heedmap.report.texts.page_en import ENGLISH as PAGE_ENGLISH
from heedmap.report.texts.page_ko import KOREAN as PAGE_KOREAN
from heedmap.report.texts.plain_en import ENGLISH as PLAIN_ENGLISH
from heedmap.report.texts.plain_ko import KOREAN as PLAIN_KOREAN
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

TEXTS: dict[Language, dict[str, str]] = {
    "en": {**ENGLISH, **FIGURES_ENGLISH, **PAGE_ENGLISH, **PLAIN_ENGLISH, **COMPARE_ENGLISH},
    "ko": {**KOREAN, **FIGURES_KOREAN, **PAGE_KOREAN, **PLAIN_KOREAN, **COMPARE_KOREAN},
}
