"""From a name to a policy."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from heedmap.errors import PolicyError
from heedmap.policies.base import Policy, same_sums, weights_sha256, weights_sums
from heedmap.policies.registry import load_policy
from heedmap.testbed.specimens.zoo import REGIMES, SPECIMENS, check_name
from tests.conftest import random_network


def test_a_factory_in_the_current_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_policy_for_test.py").write_text(
        "from tests.conftest import random_policy\ndef make():\n    return random_policy('sound')\n"
    )
    monkeypatch.chdir(tmp_path)
    policy = load_policy("own_policy_for_test:make")
    assert isinstance(policy, Policy)
    assert policy.name == "random@sound"


@pytest.mark.parametrize("spec", ["", "sound", ":f", "module:", "specimen:"])
def test_what_is_no_policy_is_told_the_forms(spec: str) -> None:
    with pytest.raises(PolicyError, match="is not a policy; give 'specimen:NAME@WIRING'"):
        load_policy(spec)


def test_every_regime_is_there_in_both_wirings() -> None:
    assert len(SPECIMENS) == 2 * len(REGIMES) == 8
    assert {name.split("@")[1] for name in SPECIMENS} == {"sound", "monavla"}


def test_a_name_like_no_other_gets_no_suggestion() -> None:
    with pytest.raises(PolicyError) as raised:
        check_name("zzz")
    assert "did you mean" not in str(raised.value)


def test_the_weight_hash_tells_weights_apart() -> None:
    network = random_network("sound")
    first = weights_sha256(network)
    assert first == weights_sha256(random_network("sound"))
    network.get_parameter("action_token")[0] += 1e-6
    assert weights_sha256(network) != first


def test_the_weight_hash_takes_every_type_and_shape() -> None:
    network = random_network("sound").bfloat16()
    network.register_buffer("steps", torch.tensor(3))  # an integer without any axis
    assert len(weights_sha256(network)) == 64


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("width", [5, 70])
def test_sums_of_weights_tell_a_change_and_an_exchange(dtype: torch.dtype, width: int) -> None:
    network = torch.nn.Linear(width, 151).to(dtype)
    before = weights_sums(network)
    assert same_sums(weights_sums(network), before)
    with torch.no_grad():
        old = network.weight[3, 4].clone()
        network.weight[3, 4] = torch.nextafter(old, torch.tensor(torch.inf, dtype=dtype))
        assert not same_sums(weights_sums(network), before)
        network.weight[3, 4] = old
        assert same_sums(weights_sums(network), before)
        network.weight[[3, 100]] = network.weight[[100, 3]]
        assert not same_sums(weights_sums(network), before)
