"""Korean particles by how a word is read."""

from __future__ import annotations

import pytest

from heedmap.particles import with_particle


@pytest.mark.parametrize(
    ("word", "pair", "expected"),
    [
        ("지시문", "은/는", "지시문은"),
        ("액션", "이/가", "액션이"),
        ("액션 헤드", "을/를", "액션 헤드를"),
        ("왼쪽", "과/와", "왼쪽과"),
        ("모델", "으로/로", "모델로"),  # ㄹ takes the short form
        ("모델", "은/는", "모델은"),
        ("어텐션", "으로/로", "어텐션으로"),
        ("left", "은/는", "left는"),  # 레프트
        ("right", "은/는", "right는"),  # 라이트
        ("forward", "과/와", "forward와"),  # 포워드
        ("down", "은/는", "down은"),  # 다운
        ("arm", "이/가", "arm이"),
        ("going", "을/를", "going을"),
        ("wheel", "으로/로", "wheel로"),
        ("table", "으로/로", "table로"),  # 테이블
        ("module", "을/를", "module을"),  # 모듈
        ("frame", "을/를", "frame을"),  # 프레임
        ("image", "을/를", "image를"),  # 이미지
        ("state", "과/와", "state와"),  # 스테이트
        ("stop", "은/는", "stop은"),  # 스톱
        ("robot", "이/가", "robot이"),  # 로봇
        ("pick", "과/와", "pick과"),  # 픽
        ("word_attention", "을/를", "word_attention을"),
        ("head.cross", "을/를", "head.cross를"),
        ("VLM", "은/는", "VLM은"),  # 엠
        ("GPU", "은/는", "GPU는"),  # 유
        ("A", "과/와", "A와"),
        ("R", "으로/로", "R로"),  # 알
        ("0", "이/가", "0이"),  # 영
        ("1", "으로/로", "1로"),  # 일
        ("2", "을/를", "2를"),
        ("3", "으로/로", "3으로"),
        ("6", "은/는", "6은"),
        ("8", "은/는", "8은"),
        ("10", "은/는", "10은"),  # 십
        ("0.1.0", "으로/로", "0.1.0으로"),
        ("layers.7", "으로/로", "layers.7로"),
        ("0.80비트", "을/를", "0.80비트를"),
        ("93.8 %", "이/가", "93.8 %가"),  # 퍼센트
        ("'left'", "은/는", "'left'는"),
        ("‘지시문’", "은/는", "‘지시문’은"),
        ("0.80 (0.79~0.81)", "을/를", "0.80 (0.79~0.81)을"),
        ("", "은/는", "는"),
    ],
)
def test_the_particle_fits(word: str, pair: str, expected: str) -> None:
    assert with_particle(word, pair) == expected
