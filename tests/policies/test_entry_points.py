"""Families of policies that other packages register, made as folders on the path."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import torch

from heedmap.errors import CheckpointError, InstructionError, PolicyError
from heedmap.policies.callable import CallablePolicy
from heedmap.policies.registry import GROUP, load_policy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "new-family.md").read_text()
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a package with one module and families of that module on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(package: str, code: str, **families: str) -> None:
        module = f"{package.replace('-', '_')}_for_test"
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(code)
        metadata = tmp_path / f"{package.replace('-', '_')}-1.2.dist-info"
        metadata.mkdir()
        head = ("Metadata-Version: 2.4", f"Name: {package}", "Version: 1.2", "")
        (metadata / "METADATA").write_text("\n".join(head))
        lines = [f"{name} = {module}:{function}" for name, function in families.items()]
        (metadata / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines]) + "\n")

    return put


def first_block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_family_of_the_page_works(install: Install, tmp_path: Path) -> None:
    name, function = next(
        iter(tomllib.loads(first_block("toml"))["project"]["entry-points"][GROUP].items())
    )
    install("my-robot", first_block("python"), **{name: function.partition(":")[2]})
    weights = tmp_path / "last.pt"
    torch.save(torch.nn.Linear(3, 2).state_dict(), weights)
    policy = load_policy(f"{name}:{weights}?name=mine&scale=2")
    assert isinstance(policy, CallablePolicy)
    assert policy.name == "mine"
    assert load_policy(f"{name}:{weights}").name == f"{name}:{tmp_path.name}/last"
    with pytest.raises(PolicyError, match=r"'size' that cannot be used .* known are name, scale"):
        load_policy(f"{name}:{weights}?size=2")
    with pytest.raises(CheckpointError, match=r"^The checkpoint .*nowhere.pt does not exist\.$"):
        load_policy(f"{name}:nowhere.pt")


def test_a_family_that_cannot_be_imported_harms_no_other(install: Install) -> None:
    install("broken-robot", "raise RuntimeError('no such driver')\n", broken="load")
    with pytest.raises(
        PolicyError,
        match=r"^The policy family 'broken' of the package broken-robot 1\.2 cannot be imported "
        r"\(RuntimeError: no such driver\); mend or uninstall that package\.$",
    ):
        load_policy("broken:anything")
    assert load_policy("specimen:exp42_counterfactual_pta@sound").family == "specimen"
    with pytest.raises(PolicyError, match=r"'pi0:FOLDER', .*, 'broken:\.\.\.' or 'package"):
        load_policy("no_such_module:load")


def test_a_family_whose_function_is_missing_is_told(install: Install) -> None:
    install("empty-robot", "", empty="load")
    with pytest.raises(PolicyError, match="empty-robot 1.2 cannot be imported .AttributeError"):
        load_policy("empty:anything")


def test_what_a_familys_code_raises_is_told_with_its_package(install: Install) -> None:
    install("odd-robot", "def load(target, permissions):\n    return target.nothing\n", odd="load")
    with pytest.raises(PolicyError, match=r"odd-robot 1\.2 raised AttributeError: .* 'odd:x'\.$"):
        load_policy("odd:x")


def test_what_is_no_policy_is_refused(install: Install) -> None:
    install("wrong-robot", "def load(target, permissions):\n    return 3\n", wrong="load")
    with pytest.raises(PolicyError, match="returned a int, expected a heedmap Policy"):
        load_policy("wrong:x")


def test_a_familys_own_errors_are_shown_as_they_are(install: Install) -> None:
    code = "from heedmap import errors\ndef load(*_):\n    raise errors.InstructionError('A.')\n"
    install("plain-robot", code, plain="load")
    with pytest.raises(InstructionError, match=r"^A\.$"):
        load_policy("plain:x")


def test_no_package_can_put_itself_in_anothers_place(install: Install, tmp_path: Path) -> None:
    ran = tmp_path / "it-ran"
    install("greedy-robot", f"open({str(ran)!r}, 'w')\n", specimen="load", theirs="load")
    with pytest.raises(
        PolicyError,
        match=r"^The policy family 'specimen' is registered more than once, by greedy-robot 1\.2 "
        r"and heedmap \S+; uninstall all but one\.$",
    ):
        load_policy("specimen:exp42_counterfactual_pta@sound")
    install("other-robot", "", theirs="load")
    with pytest.raises(PolicyError, match=r"by greedy-robot 1\.2 and other-robot 1\.2"):
        load_policy("theirs:x")
    assert not ran.exists()


def test_without_its_metadata_heedmap_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heedmap.policies.registry.entry_points", lambda group: ())
    with pytest.raises(
        PolicyError, match="install heedmap again .* own families are not registered"
    ):
        load_policy("pi0:folder")


def test_every_family_of_ours_is_registered() -> None:
    """Fails where the installed metadata are older than pyproject.toml: install again."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ours = [e for e in entry_points(group=GROUP) if e.dist and e.dist.name == "heedmap"]
    assert {entry.name: entry.value for entry in ours} == project["entry-points"][GROUP]
    for entry in ours:
        assert callable(entry.load())
