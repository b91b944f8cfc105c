"""Where a prompt's words are, or would be: by noise on single word embeddings.

Noise on the embedding of a token moves the position that holds it. This distinguishes
template words from special tokens, words overwritten by the image from words left out, and a
place that follows the attention mask from one that counts padding.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from jaxtyping import Float
from torch import nn

from heedmap.auditing.lower.perturb import Movement, Subject, moved
from heedmap.ladder.thresholds import SHIFTED_KEY_SHARE
from heedmap.phrase import Phrase
from heedmap.policies.base import Policy
from heedmap.policies.stages import stage
from heedmap.tracing.capture.calls import AttentionCall, FusedCall
from heedmap.tracing.capture.inputs import stopping_before
from heedmap.tracing.capture.trace import EmbeddingCall, trace
from heedmap.tracing.observe import Entered, Pass

TRIES = 8
"""Tokens tried until one is found that still moves a position."""


@stage(Phrase("measuring which positions hold words of the prompt"))
def prompt_positions(subject: Subject, seed: int) -> tuple[int, ...]:
    """Positions that hold the embedding of a token which is not a special one."""
    special = torch.tensor(sorted(special_ids(subject.policy)))
    chosen = {
        call.module_name: ~torch.isin(call.ids.cpu(), special)
        for call in text_embeddings(subject.base, subject.text_modules)
    }
    return tuple(sorted(_moved_by_noise(subject, chosen, seed))) if chosen else ()


def overwritten_positions(
    subject: Subject, other: Entered, image: Collection[int], seed: int
) -> tuple[int, ...]:
    """Where the words that differ in `other` would be, if image is there now.

    Tokens that survived elsewhere (padding after the image, say) show how tokens and
    positions are aligned. Empty where none survived, or where no image is there.
    """
    for mine, theirs in zip(subject.base.embeddings, other.embeddings, strict=False):
        if mine.module_name not in subject.text_modules or mine.ids.shape != theirs.ids.shape:
            continue
        places = torch.nonzero((mine.ids != theirs.ids).any(dim=0)).flatten().tolist()
        offset = _alignment(subject, mine, places, seed)
        if places and offset is not None:
            expected = {place + offset for place in places}
            return tuple(sorted(expected)) if expected <= set(image) else ()
    return ()


def shifts_with_length(subject: Subject, movement: Movement, longer: str) -> bool | None:
    """Whether the first word's keys differ under a longer instruction with the same beginning.

    They should not be: in a prompt that grows at its end, earlier words stay as they are.
    None where words do not each have a position of their own, or keys cannot be seen.
    """
    first = next((word.positions for word in movement.by_word if word.positions), ())
    if any(len(word.positions) > 1 for word in movement.by_word) or len(first) != 1:
        return None
    after = _keys_under(subject, longer)
    before = _keys(subject.base.stack.calls[0])
    if before is None or after is None:
        return None
    distance = (after - before[first[0]]).abs().amax(dim=1)
    return bool(distance.min() > SHIFTED_KEY_SHARE * before.abs().max())


def text_embeddings(base: Pass, known: Collection[str]) -> list[EmbeddingCall]:
    """The embeddings that look up words: those known to follow the instruction.

    Where none is known, all whose ids are not just counted up, as those of positions are.
    """
    if known:
        return [call for call in base.embeddings if call.module_name in known]
    return [call for call in base.embeddings if not _is_counting(call.ids)]


def special_ids(policy: Policy) -> set[int]:
    """Ids of BOS, EOS and padding, from the policy and the configs inside its module."""
    found: set[object] = set(policy.special_ids)
    for module in policy.module.modules():
        config = getattr(module, "config", None)
        for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
            value = getattr(config, name, None)
            found.update(value if isinstance(value, list | tuple) else [value])
        found.add(getattr(module, "padding_idx", None))
    return {value for value in found if isinstance(value, int)}


def _moved_by_noise(subject: Subject, chosen: Mapping[str, torch.Tensor], seed: int) -> set[int]:
    """Positions that move when noise is put on the embeddings of chosen tokens."""

    def disturb(call: EmbeddingCall, result: torch.Tensor) -> torch.Tensor:
        mask = chosen.get(call.module_name)
        if mask is None or mask.shape != call.ids.shape:
            return result
        noise = torch.randn(result.shape, generator=torch.Generator().manual_seed(seed))
        where = mask.reshape(result.shape[:-1])[..., None].to(result.device)
        return result + noise.to(result) * result.std().clamp(min=1e-6) * where

    return moved(subject.base, subject.enter(edit_embedding=disturb))


def _alignment(subject: Subject, call: EmbeddingCall, places: list[int], seed: int) -> int | None:
    """Position minus token index, from a token that still moves one position."""
    count = call.ids.shape[1]
    others = [index for index in reversed(range(count)) if index not in places]
    for index in others[:TRIES]:
        only = torch.zeros(call.ids.shape, dtype=torch.bool)
        only[:, index] = True
        positions = _moved_by_noise(subject, {call.module_name: only}, seed)
        if len(positions) == 1:
            return positions.pop() - index
    return None


def _keys_under(subject: Subject, text: str) -> Float[torch.Tensor, "position feature"] | None:
    """The first layer's keys under another instruction; no further layer runs."""
    module, stack = subject.policy.module, subject.base.stack
    second = list(dict.fromkeys(stack.block_names))[1:2] or [""]
    with trace(module) as seen, _stopping_before(module, *second):
        subject.policy([subject.observation], [text])
    calls = [call for call in seen.attention if call.module_name == stack.module_names[0]]
    return _keys(calls[0]) if calls else None


def _stopping_before(module: nn.Module, layer: str) -> AbstractContextManager[None]:
    return stopping_before(module, layer) if layer else nullcontext()


def _keys(call: AttentionCall) -> Float[torch.Tensor, "position feature"] | None:
    """A layer's keys, one row a position; rotary positions are in them."""
    return call.key[0].transpose(0, 1).flatten(1).float() if isinstance(call, FusedCall) else None


def _is_counting(ids: torch.Tensor) -> bool:
    steps = ids.diff(dim=-1)
    return bool(((steps == 0) | (steps == 1)).all()) and bool((steps == 1).any())
