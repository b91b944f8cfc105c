"""A short fine-tuning: what it learns, what it leaves as it was, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import nn

from heedmap.data.pixels import Frame
from heedmap.errors import CheckpointError, RemedyError
from heedmap.policies.base import Policy, same_sums, weights_sums
from heedmap.policies.callable import CallablePolicy
from heedmap.policies.checkpoints.adapters import merge_adapter
from heedmap.policies.registry import load_policy
from heedmap.remedies.finetune import adapted, split, train
from heedmap.remedies.result import FinetuneRecipe, Remedies
from heedmap.remedies.tuning import finetune
from tests.remedies.world import ACTIONS, chunks, gain, parts, share, trials

RECIPE = FinetuneRecipe(steps=40, frames_per_step=8, rank=2, peak_lr=0.05)


class Linear(nn.Module):
    """One layer over what the frame and the words say; the words weigh nothing at first."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.layer = nn.Linear(3, outputs)
        side = torch.tensor([-1.0, 1.0, 0.0])[:outputs] if outputs == 3 else torch.tensor([1.0, 0])
        with torch.no_grad():
            self.layer.weight.zero_()
            self.layer.weight[:, 0] = side
            self.layer.bias.zero_()
            self.layer.bias[-1] = -1.0

    def forward(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        return self.layer(parts(frames, texts))


def classes() -> Policy:
    net = Linear(3)
    return CallablePolicy("classes", net, net, action_names=ACTIONS)


def values() -> Policy:
    net = Linear(2)
    return CallablePolicy("values", net, net)


def tuned(policy: Policy, folder: Path | None = None, **changes: float) -> Remedies:
    recipe = RECIPE.model_copy(update=changes)
    frames = trials(21, continuous=policy.action_names is None)
    return finetune(policy, frames, recipe, folder)


@pytest.mark.parametrize("make", [classes, values])
def test_it_learns_the_words_and_leaves_the_weights(
    make: Callable[[], Policy], tmp_path: Path
) -> None:
    policy = make()
    before = weights_sums(policy.module)
    found = tuned(policy, tmp_path / "adapter")
    assert found.cause == "gated"
    assert share(found, "following") == 0.0
    assert share(found.best, "following") == share(found.best, "competence") == 1.0
    assert found.finetuned is not None
    assert found.finetuned.last_loss < found.finetuned.first_loss * 0.6
    assert found.finetuned.cause_after == "none"
    assert same_sums(weights_sums(policy.module), before)
    assert not set(found.finetuned.trained_on) & set(found.finetuned.held_out)
    merged = merge_adapter(make().module, tmp_path / "adapter")
    again = CallablePolicy("again", merged, merged, action_names=policy.action_names)
    frame = trials(1)[0].observation
    texts = ["turn left now", "turn right now"]
    left, right = again([frame] * 2, texts)
    plain = policy([frame] * 2, texts)
    assert torch.equal(plain[0], plain[1])
    assert not torch.allclose(left, right, atol=0.5)


def test_the_likelihood_ratio_trains_too_and_the_seed_decides() -> None:
    one, two = (tuned(classes(), ratio_weight=0.5) for _ in range(2))
    assert one == two
    assert gain(one.best, "following") == 1.0
    assert one.finetuned is not None
    assert one.finetuned.last_loss != tuned(classes()).finetuned.last_loss  # pyright: ignore


def test_a_monitor_is_called_before_the_first_step_and_after_the_last() -> None:
    seen: list[int] = []
    finetune(classes(), trials(9), RECIPE, watching=lambda policy, held_out: seen.append)
    assert (seen[0], seen[-1]) == (0, RECIPE.steps)


def test_whole_episodes_are_held_out() -> None:
    taught, held_out = split(trials(20))
    assert (len(taught), len(held_out)) == (14, 6)
    assert not {t.cluster for t in taught} & {t.cluster for t in held_out}


def test_too_little_or_no_gradient_is_one_sentence() -> None:
    for few in (trials(5), trials(12, labelled=False), trials(0, blocked=12)):
        with pytest.raises(RemedyError, match="6 or more episodes"):
            split(few)
    net = Linear(3)
    cut = CallablePolicy("cut", lambda f, t: net(f, t).detach(), net, action_names=ACTIONS)
    refused = pytest.raises(RemedyError, match="No gradient reaches the adapters")
    with adapted(cut, trials(2), RECIPE) as (model, _), refused:
        train(cut, trials(8), RECIPE, model)
    assert not any("lora" in name for name, _ in net.named_parameters())
    with pytest.raises(RemedyError, match="runs no linear layer"):
        finetune(chunks(0.0), trials(12, continuous=True), RECIPE)


def test_a_policy_that_takes_one_example_at_once_is_trained_one_by_one() -> None:
    net = Linear(3)

    def run(frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
        assert len(frames) == 1
        return net(frames, texts)

    single = CallablePolicy("single", run, net, action_names=ACTIONS)
    losses = []
    for policy in (single, classes()):
        with adapted(policy, trials(2), RECIPE) as (model, _):
            losses.append(train(policy, trials(8), RECIPE, model))
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    assert losses[0][-1] < 0.7 * losses[0][0]


def test_a_gradient_that_is_not_finite_is_said_before_it_spoils_the_adapter() -> None:
    class AtZero(Linear):
        def forward(self, frames: Sequence[Frame], texts: Sequence[str]) -> torch.Tensor:
            logits = super().forward(frames, texts)
            return logits + torch.sqrt(0 * logits)

    net = AtZero(3)
    policy = CallablePolicy("at zero", net, net, action_names=ACTIONS)
    refused = pytest.raises(RemedyError, match="gradient is not finite after 0 steps, although")
    with adapted(policy, trials(2), RECIPE) as (model, _), refused:
        train(policy, trials(8), RECIPE, model)


def test_an_adapter_of_a_specimen_loads_by_its_name(tmp_path: Path) -> None:
    name = "specimen:exp41b_resume_exp40_pta@sound"
    policy = load_policy(name)
    few = policy.example_trials(9)
    recipe = FinetuneRecipe(steps=2, frames_per_step=2, rank=2, peak_lr=0.02)
    taught, _ = split(few)
    from heedmap.remedies.finetune import save_adapter

    with adapted(policy, taught, recipe) as (model, layers):
        train(policy, taught, recipe, model)
        given = [few[0].observation], ["navigate to the left toward the blue key"]
        expected = policy(*given)
        save_adapter(model, tmp_path / "a", "exp41b")
    assert "decoder.model.layers.0.self_attn.q_proj" in layers
    loaded = load_policy(f"{name}?adapter={tmp_path / 'a'}&name=tuned")
    assert loaded.name == "tuned"
    assert torch.allclose(loaded(*given), expected, atol=1e-4)
    assert not torch.allclose(policy(*given), expected, atol=1e-3)
    config = json.loads((tmp_path / "a/adapter_config.json").read_text())
    assert not any(target.startswith("m.") for target in config["target_modules"])
    assert "_Outer" not in json.dumps(config)
    (tmp_path / "a/adapter_model.safetensors").write_bytes(b"no adapter")
    with pytest.raises(CheckpointError, match="adapters in .* cannot be read"):
        load_policy(f"{name}?adapter={tmp_path / 'a'}")
    with pytest.raises(CheckpointError, match="no adapter_model.safetensors"):
        load_policy(f"{name}?adapter={tmp_path / 'none'}")
