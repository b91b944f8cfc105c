"""The exported names: nothing appears or vanishes by accident."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

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
        "explore",
        "load_policy",
    ]


def test_every_exported_name_can_be_had_and_says_what_it_is() -> None:
    for name in heedmap.__all__:
        assert getattr(heedmap, name).__doc__, name
        assert name in dir(heedmap)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(heedmap, "no_such_name")


def test_no_room_takes_the_place_of_an_exported_name() -> None:
    """Importing a submodule puts it into its package: `heedmap.audit` would be a module then."""
    rooms = {module.name for module in pkgutil.iter_modules(heedmap.__path__)}
    assert "auditing" in rooms
    assert rooms & set(heedmap.__all__) == set()


def test_audit_is_the_function_whatever_was_imported_before() -> None:
    code = (
        "import heedmap.auditing.api, heedmap.monitor.watch, heedmap.cli.main\n"
        "import heedmap\n"
        "from heedmap import audit\n"
        "print(audit is heedmap.audit is heedmap.auditing.api.audit, audit.__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("True audit", "")
