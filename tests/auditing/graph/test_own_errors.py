"""An error of heedmap's own while it reads a graph: a warning in the language of the caller."""

from __future__ import annotations

import pytest

from heedmap.auditing.any_stacks import _own_errors_are_told
from heedmap.errors import CaptureError


@pytest.mark.parametrize(
    ("language", "told"), [("en", "please report this."), ("ko", "이 문제를 알려 주십시오.")]
)
def test_an_own_error_is_told_and_asked_for(
    language: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEEDMAP_LANG", language)
    with (
        pytest.warns(RuntimeWarning, match=told),
        pytest.raises(CaptureError, match="failed to read its attention .KeyError: 'x'.") as raised,
        _own_errors_are_told(),
    ):
        raise KeyError("x")
    assert isinstance(raised.value.__cause__, KeyError)
