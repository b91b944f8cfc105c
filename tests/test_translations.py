"""Every sentence of an error has one Korean translation, and it fits."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from heedmap import phrase
from heedmap.particles import with_particle
from heedmap.phrase import Phrase, fields_of
from tests.templates import SOURCE, calls, templates

FOLDER = SOURCE / "translations" / "ko"
FILES = sorted(FOLDER.glob("*.po"))
LOOSE = re.compile(r"\}['\"`]*(은|는|이|가|을|를|과|와|으로|로)(?=[\s.,:;)]|$)")
"""A particle behind a value whose ending nobody looked at."""
PAIRS = {"은/는", "이/가", "을/를", "과/와", "으로/로"}


def entries(path: Path) -> list[tuple[str, str]]:
    """Templates and translations of a file, without its head."""
    found = phrase._ENTRY.findall(path.read_text(encoding="utf-8"))
    return [(phrase._unquoted(en), phrase._unquoted(ko)) for en, ko in found][1:]


TRANSLATED = {en: ko for path in FILES for en, ko in entries(path)}


def test_every_template_is_translated_once_and_every_translation_is_used() -> None:
    found = templates()
    assert len(found) > 700
    lacking = [f"{sorted(found[each])[0]}: {each}" for each in found.keys() - TRANSLATED.keys()]
    assert not lacking, "add these to src/heedmap/translations/ko:\n" + "\n".join(lacking)
    left = sorted(TRANSLATED.keys() - found.keys())
    assert not left, "no sentence of the source any more:\n" + "\n".join(left)
    count = Counter(en for path in FILES for en, _ in entries(path))
    assert not [en for en, times in count.items() if times > 1]


def test_a_translation_lies_in_the_file_of_a_room_that_says_it() -> None:
    found = templates()
    for path in FILES:
        for template, _ in entries(path):
            rooms = {Path(name).parts[0].removesuffix(".py") for name in found[template]}
            assert path.stem in rooms, f"{path.name}: {template}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_are_of_gettexts_format(path: Path) -> None:
    """Blocks of `msgid` and `msgstr`, comments and blank lines: nothing that is passed over."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith('msgid ""\nmsgstr "Language: ko\\n')
    rest = phrase._ENTRY.sub("", text)
    assert all(not line or line.startswith("#: ") for line in rest.split("\n")), path


def test_a_translation_has_the_fields_of_its_template_and_known_particles() -> None:
    for template, translated in TRANSLATED.items():
        assert set(fields_of(template)[0]) == set(fields_of(translated)[0]), template
        for _, name, spec, conversion in Formatter().parse(translated):
            assert conversion is None, translated
            assert name != "" or spec in PAIRS, translated
        if not fields_of(template)[0]:  # taken as it stands
            assert "{:" not in translated, translated


def test_no_particle_is_left_to_the_reader_or_to_chance() -> None:
    words = ("상자", "공", "칼", "left", "arm", "3")
    for template, translated in TRANSLATED.items():
        fields = fields_of(template)[0]
        assert not LOOSE.search(translated), translated
        if not fields or not all(field.endswith(":") for field in fields):
            continue  # a figure, which is no word
        for word in words:
            values = dict.fromkeys((field.rstrip(":") for field in fields), word)
            said = Phrase(template, **values).in_language("ko")
            assert not re.search("|".join(PAIRS), said), said
            assert "{" not in said or "{" in template, said
    assert with_particle("공", "이/가") == "공이"


def test_translations_are_korean() -> None:
    names = {"HDF5", "tf.train.Example"}
    for template, translated in TRANSLATED.items():
        has_hangul = any("가" <= letter <= "힣" for letter in translated)
        is_of_names = translated in names or template.startswith("'specimen:")
        assert has_hangul or is_of_names or not fields_of(translated)[1], template
        assert not re.search("명령문|하세요|주세요", translated), translated


def test_what_makes_a_phrase_is_given_a_template() -> None:
    """No f-string, in which the parts are gone before anybody can translate them."""
    for name, call in calls():
        first = call.args[0]
        assert not isinstance(first, ast.JoinedStr | ast.BinOp | ast.IfExp), f"{name}:{call.lineno}"


WORD = re.compile(r"[A-Za-z]{2,}")
CODE = re.compile(r"--|LENGTH|smollm")
"""Options, placeholders, the name of an extra."""


def _bare(node: ast.AST) -> Iterator[str]:
    """Texts below a node that no Phrase holds and no subscript or attribute asks for."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "Phrase":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and WORD.search(node.value):
        yield node.value
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Subscript) and child is node.slice):
            yield from _bare(child)


def test_no_english_hides_among_the_values_of_a_phrase() -> None:
    """A text in a value's expression is a Phrase, unless it is code."""
    for name, call in calls():
        for value in call.keywords:
            for found in _bare(value.value):
                assert CODE.search(found), f"{name}:{call.lineno}: {found!r}"
