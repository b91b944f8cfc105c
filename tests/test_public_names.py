"""The exported names: nothing appears or vanishes by accident."""

from __future__ import annotations

import heedmap


def test_exported_names_are_exactly_these() -> None:
    assert sorted(heedmap.__all__) == [
        "Attended",
        "AttentionCapture",
        "CallablePolicy",
        "HeedmapError",
        "Layout",
        "Monitor",
        "Observation",
        "Permissions",
        "Policy",
        "Record",
        "Result",
        "Trial",
        "attend",
        "audit",
        "capture_attention",
        "load_policy",
    ]


def test_every_exported_name_can_be_had_and_says_what_it_is() -> None:
    for name in heedmap.__all__:
        assert getattr(heedmap, name).__doc__, name
        assert name in dir(heedmap)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(heedmap, "no_such_name")
