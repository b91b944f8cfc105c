"""A short fine-tuning on counterfactual pairs: one frame, other instructions, other actions.

Low-rank adapters (peft) are put over the linear layers that run, so that the weights themselves
stay as they are and the adapter can be loaded over them, or left out. The loss is that of the head:
cross entropy for classes, a soft margin on the sign for continuous dimensions. `ratio_weight` adds
the log-likelihood ratio log p(a|v,l) - log p(a|v) that LangForce trains for (arXiv 2601.15197),
with p(a|v) the mean over the frame's instructions, since a policy as it is has no branch without
them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save
from torch import nn

from heedmap.auditing.measures.following import Expectation, parse_expectation
from heedmap.data.observation import Observation
from heedmap.data.trials import Trial
from heedmap.errors import RemedyError
from heedmap.ladder.messages import say
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.checkpoints.adapters import peft_package
from heedmap.record.files import made_folder, write_whole
from heedmap.remedies.result import FinetuneRecipe
from heedmap.tracing.batches import BatchSize, in_batches

HELD_OUT_EVERY = 3
"""Every third episode is kept for measuring, and never trained on."""
FEWEST_EPISODES = 6
"""Of which four are trained on and two are held out."""

Progress = Callable[[str, int, int], None]
OnStep = Callable[[int], object]


@dataclass(frozen=True)
class Pair:
    """One frame with one instruction (and other words for it), and the action expected."""

    trial: Trial
    texts: tuple[str, ...]
    expected: Expectation


def split(trials: Sequence[Trial]) -> tuple[list[Trial], list[Trial]]:
    """Trials to train on, and held-out ones: whole episodes, every third of those that decide.

    Only frames with expected actions count. Raises RemedyError where there are too few.
    """
    labelled = [trial for trial in trials if trial.expected]
    episodes = list(dict.fromkeys(trial.cluster for trial in labelled))
    if len(episodes) < FEWEST_EPISODES or not any(trial.is_needed for trial in labelled):
        raise RemedyError(
            "Fine-tuning needs frames of {fewest} or more episodes whose instructions "
            "have different expected actions (expert_action in instructions.yaml), got {count}; "
            "some are held out to measure on.",
            fewest=FEWEST_EPISODES,
            count=len(episodes),
        )
    kept = set(episodes[HELD_OUT_EVERY - 1 :: HELD_OUT_EVERY])
    train = [trial for trial in labelled if trial.cluster not in kept]
    return train, [trial for trial in labelled if trial.cluster in kept]


@contextmanager
def adapted(
    policy: Policy, trials: Sequence[Trial], recipe: FinetuneRecipe
) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Inside, low-rank adapters lie over the policy's linear layers; gives peft's model and names.

    Afterwards the policy's module is as it came. Raises RemedyError where no linear layer runs.
    """
    peft = peft_package()
    trial = trials[0]
    kinds = (nn.Linear, nn.Embedding) if recipe.embeddings else (nn.Linear,)
    names = _layers(policy, trial, kinds)
    if not names:
        raise RemedyError(
            "The policy '{policy}' runs no linear layer of torch inside its module, so no low-rank "
            "adapter can be put over one; train it in its own code.",
            policy=policy.name,
        )
    config = peft.LoraConfig(
        r=recipe.rank, lora_alpha=2 * recipe.rank, target_modules=[f"m.{name}" for name in names]
    )
    needed = [(p, p.requires_grad) for p in policy.module.parameters()]
    outer = _Outer(policy.module)
    torch.manual_seed(recipe.seed)
    model = peft.get_peft_model(outer, config)
    try:
        yield model, names
    finally:
        model.unload()
        for parameter, was in needed:
            parameter.requires_grad_(was)


class _Outer(nn.Module):
    """peft replaces layers inside of a module, so that the policy's own may be one."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.m = module


def train(
    policy: Policy,
    trials: Sequence[Trial],
    recipe: FinetuneRecipe,
    model: Any,
    *,
    on_step: OnStep | None = None,
    on_progress: Progress | None = None,
) -> list[float]:
    """Train the adapters of `adapted` on these trials; the loss of every step.

    `on_step` is called with the steps done, from 0: a monitor's `at`. Raises RemedyError where no
    gradient reaches the adapters, or the loss is not finite.
    """
    by_frame = [frame for trial in trials if (frame := pairs_of(trial, policy.action_names))]
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.peak_lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.peak_lr, max(recipe.steps, 2), pct_start=0.1
    )
    rng = np.random.default_rng(recipe.seed)
    losses: list[float] = []
    batch = BatchSize(recipe.frames_per_step * max(map(len, by_frame)))
    for step in range(recipe.steps):
        if on_step is not None:
            on_step(step)
        count = min(recipe.frames_per_step, len(by_frame))
        chosen = [by_frame[i] for i in rng.permutation(len(by_frame))[:count]]
        loss = _loss(policy, chosen, recipe.ratio_weight, rng, batch)
        if not loss.requires_grad:
            raise RemedyError(
                "No gradient reaches the adapters of the policy '{policy}': it runs under no_grad "
                "or inference_mode, chooses an index, or calls layers that it holds apart from its "
                "module. It cannot be trained through its own call; train it in its own code.",
                policy=policy.name,
            )
        if not loss.isfinite():
            raise RemedyError(
                "The loss is not finite after {step} steps; lower --lr (now {rate:g}).",
                step=step,
                rate=recipe.peak_lr,
            )
        optimizer.zero_grad()
        loss.backward()
        if not torch.nn.utils.clip_grad_norm_(weights, 1.0).isfinite():
            raise RemedyError(
                "The gradient is not finite after {step} steps, although the loss is; lower --lr "
                "(now {rate:g}), or look for a square root or division at 0 in the policy.",
                step=step,
                rate=recipe.peak_lr,
            )
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if on_progress is not None:
            on_progress(say("finetune_loss", loss=f"{losses[-1]:.3f}"), step + 1, recipe.steps)
    if on_step is not None:
        on_step(recipe.steps)
    return losses


def save_adapter(model: Any, folder: Path, base: str) -> None:
    """Write peft's two files, so that they load over the base with `?adapter=`, or not at all."""
    config = model.peft_config["default"]
    config.base_model_name_or_path = base
    prefix = "base_model.model.m."
    with tempfile.TemporaryDirectory() as place:
        model.save_pretrained(place, save_embedding_layers=False)
        state = load_file(Path(place) / "adapter_model.safetensors")
        plain = {f"base_model.model.{n.removeprefix(prefix)}": t for n, t in state.items()}
        written = json.loads((Path(place) / "adapter_config.json").read_text(encoding="utf-8"))
    made_folder(folder)
    write_whole(folder / "adapter_model.safetensors", save(plain), Phrase("adapter"))
    written["target_modules"] = sorted(n.removeprefix("m.") for n in written["target_modules"])
    written["auto_mapping"] = None  # it names `_Outer`, which nobody needs to load it
    config_text = json.dumps(written, indent=2) + "\n"
    write_whole(folder / "adapter_config.json", config_text.encode(), Phrase("adapter's config"))


def pairs_of(trial: Trial, action_names: tuple[str, ...] | None) -> list[Pair]:
    """The instructions of a frame whose expected action is known."""
    return [
        Pair(
            trial,
            (trial.instructions[name], *trial.paraphrases.get(name, ())),
            parse_expectation(expected, action_names),
        )
        for name, expected in trial.expected.items()
        if name in trial.instructions
    ]


def _loss(
    policy: Policy,
    frames: Sequence[Sequence[Pair]],
    ratio_weight: float,
    rng: np.random.Generator,
    batch: BatchSize,
) -> torch.Tensor:
    """Mean over the pairs; texts are drawn among an instruction and its paraphrases."""

    def run(some: Sequence[tuple[Observation, str]]) -> torch.Tensor:
        return policy.act_unchecked([seen for seen, _ in some], [text for _, text in some]).float()

    pairs = [pair for frame in frames for pair in frame]
    texts = [pair.texts[int(rng.integers(len(pair.texts)))] for pair in pairs]
    with torch.enable_grad():
        seen = [pair.trial.observation for pair in pairs]
        scores = torch.stack(in_batches(list(zip(seen, texts, strict=True)), batch, run))
        if policy.action_names is None:
            return _margin(scores, [pair.expected for pair in pairs])
        labels = torch.tensor([pair.expected.index for pair in pairs], device=scores.device)
        loss = F.cross_entropy(scores, labels)
        if ratio_weight:
            loss = loss - ratio_weight * _ratio(scores, labels, [len(frame) for frame in frames])
        return loss


def _margin(scores: torch.Tensor, expected: Sequence[Expectation]) -> torch.Tensor:
    """Softplus of minus the dimension's signed value, in its standard deviations in the batch."""
    rows = torch.arange(len(expected), device=scores.device)
    columns = torch.tensor([each.index for each in expected], device=scores.device)
    signs = torch.tensor([float(each.sign or 1) for each in expected], device=scores.device)
    scale = scores.detach().std(dim=0).clamp(min=1e-3)[columns]
    return F.softplus(1 - signs * scores[rows, columns] / scale).mean()


def _ratio(scores: torch.Tensor, labels: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """Mean of log p(a|v,l) - log p(a|v) in nats; frames come one after another."""
    found: list[torch.Tensor] = []
    for own, wanted in zip(
        scores.log_softmax(-1).split(list(sizes)), labels.split(list(sizes)), strict=True
    ):
        rows = torch.arange(len(wanted), device=scores.device)
        without = own.logsumexp(dim=0) - np.log(len(own))
        found.append(own[rows, wanted] - without[wanted])
    return torch.cat(found).mean()


def _layers(policy: Policy, trial: Trial, kinds: tuple[type, ...]) -> tuple[str, ...]:
    """Names of layers of just these kinds that run; of some, others only take the weights."""
    ran: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, name=name: ran.append(name))
        for name, module in policy.module.named_modules()
        if name and type(module) in kinds
    ]
    try:
        policy([trial.observation], [next(iter(trial.instructions.values()))])
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(dict.fromkeys(ran))
