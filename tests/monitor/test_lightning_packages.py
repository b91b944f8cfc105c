"""Lightning comes as `lightning` and as `pytorch_lightning`, or not at all."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from heedmap.errors import MonitorError
from heedmap.monitor import lightning as installed


def loaded_anew() -> ModuleType:
    """The file, run once more under another name."""
    spec = importlib.util.spec_from_file_location("lightning_anew", installed.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_older_package_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    base = loaded_anew().LightningMonitor.__mro__[1]
    assert base.__module__.startswith("pytorch_lightning.")


def test_without_either_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    monkeypatch.setitem(sys.modules, "pytorch_lightning", None)
    with pytest.raises(
        MonitorError, match=r"needs the package 'lightning'.* pip install lightning"
    ):
        loaded_anew()
