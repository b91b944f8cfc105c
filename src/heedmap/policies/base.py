"""What an adapter must give so that a policy can be audited."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import nn

from heedmap.data.observation import Observation
from heedmap.data.pixels import Frame
from heedmap.data.trials import Trial
from heedmap.errors import (
    HeedmapError,
    NonFiniteError,
    PolicyError,
    PolicyRunError,
    ends_program,
    first_line_of,
)
from heedmap.phrase import Phrase
from heedmap.policies.outputs import as_scores
from heedmap.policies.stages import current_stage
from heedmap.policies.uncompiled import uncompiled
from heedmap.record.record import HeldOutAccuracy, Loaded
from heedmap.visible import whole_characters

ActionScores = Float[torch.Tensor, "batch action"]
"""Logits of a discrete head, or the values of a continuous one."""


class Policy(ABC):
    """A robot policy: observations and instructions in, actions out, around a torch module.

    Subclasses are final: one class a family of policies, wrapping the model's own code.
    Nothing needs to be said of the wiring: an audit finds the transformer, the action rows
    and every region by measurement.
    """

    family: str
    """Which adapter this is, such as "specimen"."""
    default_declared: str | None = None
    """Regions that scripts for this policy assume, in `--declared` form."""
    transformer_name: str = ""
    """Where to look for the transformer that feeds the action; empty: the whole module."""
    special_ids: tuple[int, ...] = ()
    """Token ids that are no words; those in the configs of the module are found anyway."""
    loaded: Loaded | None = None
    """Which checkpoint it came from; None where it was not read from one."""
    is_black_box: bool = False
    """Nothing but its actions can be seen: it is measured by exchanging instructions alone."""
    noise_seed: int | None = None
    """Pins the noise of a stochastic head: every call draws from this seed, on all devices."""
    has_no_text_input: bool = False
    """Its configuration says that it reads no language; an audit checks that none arrives."""
    actions_seen: int | None = None
    """How many action scores an example it gave so far; None: not known. It must not change."""
    act_calls: int = 0
    """How often `act` was run so far, on whatever batch."""

    def __init__(self, name: str) -> None:
        self.name = whole_characters(name)

    @property
    @abstractmethod
    def module(self) -> nn.Module:
        """The whole torch module; an audit leaves it as it came."""

    @property
    @abstractmethod
    def action_names(self) -> tuple[str, ...] | None:
        """Names of a discrete head's actions in the order of its logits; None if continuous."""

    @abstractmethod
    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """Run the policy on a batch, as in deployment. Must be deterministic."""

    def begin_episode(self) -> None:
        """Forget all earlier calls; from here on each call is the next step of one episode.

        Nothing for a policy that keeps nothing. Until it is called, every call stands alone.
        """
        return None

    def token_count(self, instruction: str) -> int | None:
        """Tokens of an instruction, special ones included; None when not known."""
        return None

    def check_observation(self, observation: Observation) -> None:
        """Raise FrameError when the policy cannot take these cameras or this state."""
        return None

    def example(self) -> tuple[Frame, dict[str, str]] | None:
        """A frame and named instructions to try the policy on; None where it has none."""
        return None

    def example_trials(self, count: int) -> Sequence[Trial]:
        """Frames with instructions and what they ask for; empty where it has none."""
        return ()

    def held_out_accuracy(self) -> tuple[HeldOutAccuracy, ...]:
        """Accuracies that came with the checkpoint, if any."""
        return ()

    def __call__(
        self, observations: Sequence[Observation], instructions: Sequence[str]
    ) -> ActionScores:
        """`act` without gradients, its result checked.

        Raises PolicyRunError when its own code raises, the scores are not one row an example, or
        not as many as before; NonFiniteError when they are not finite; InstructionError where it
        refuses an instruction.
        """
        with torch.no_grad():
            scores = self.act_unchecked(observations, instructions)
        self._check_shape(scores, len(observations))
        if not scores.isfinite().all():
            raise NonFiniteError(
                "The policy '{name}' gave action scores that are not finite (NaN or "
                "infinite){during}; check the checkpoint's weights.",
                current_stage(),
                name=self.name,
                during=_during(),
            )
        return scores

    def act_unchecked(
        self, observations: Sequence[Observation], instructions: Sequence[str]
    ) -> ActionScores:
        """`act` as it is run everywhere: uncompiled, noise pinned, its errors under its own name.

        With gradients or without, as the caller has it; scores need not be finite. Raises
        PolicyRunError, InstructionError as `own_errors` says.
        """
        with uncompiled(), self.own_errors(instructions), self.pinned_noise():
            self.act_calls += 1
            given = self.act(observations, instructions)
            scores = as_scores(given, len(observations))
        is_to_detach = scores.requires_grad and not torch.is_grad_enabled()
        return scores.detach() if is_to_detach else scores

    def _check_shape(self, scores: torch.Tensor, examples: int) -> None:
        names = self.action_names
        actions = self.actions_seen if names is None else len(names)
        is_row_each = scores.ndim == 2 and len(scores) == examples
        if is_row_each and actions in (None, scores.shape[1]):
            self.actions_seen = scores.shape[1]
            return
        why = "" if names is None else Phrase(", one for each of its action names")
        if is_row_each and names is None:
            why = Phrase(", as many as before")
        raise PolicyRunError(
            "The policy '{name}' gave scores of shape {shape} for {examples} observations{during}; "
            "expected ({examples}, {actions}){why}.",
            current_stage(),
            name=self.name,
            shape=tuple(scores.shape),
            examples=examples,
            during=_during(),
            actions=actions or Phrase("actions"),
            why=why,
        )

    @contextmanager
    def own_errors(self, instructions: Sequence[str]) -> Iterator[None]:
        """Inside, what the policy's own code raises becomes a PolicyRunError that names the stage.

        `instructions` are those that it is given. An InstructionError passes, and so do heedmap's
        own errors, which may end a pass early; Ctrl-C is no error, `sys.exit` is one.
        """
        try:
            yield
        except PolicyRunError:
            raise
        except PolicyError as error:  # an adapter's own sentence
            stage = current_stage()
            came = Phrase(" This came while {stage}.", stage=stage) if stage else ""
            raise PolicyRunError("{why}{came}", stage, why=error, came=came) from error
        except HeedmapError:
            raise
        except BaseException as error:
            if ends_program(error):
                raise
            given = f"'{instructions[0]}'" if instructions[0] else Phrase("an empty instruction")
            more = (
                Phrase(" and {more} more", more=len(instructions) - 1)
                if len(instructions) > 1
                else ""
            )
            raise PolicyRunError(
                "The policy '{name}' raised {error_kind}: {why}{during} (given {given}{more}); "
                "mend it there. For an instruction that it cannot take, it should raise "
                "heedmap.errors.InstructionError instead.",
                current_stage(),
                name=self.name,
                error_kind=type(error).__name__,
                why=first_line_of(error),
                during=_during(),
                given=given,
                more=more,
            ) from error

    @contextmanager
    def pinned_noise(self) -> Iterator[None]:
        """Torch's generators at `noise_seed` inside, as they were afterwards."""
        if self.noise_seed is None:
            yield
            return
        with torch.random.fork_rng():
            torch.manual_seed(self.noise_seed)
            yield


def _during() -> str:
    stage = current_stage()
    return Phrase(", while {stage}", stage=stage) if stage else ""


def weights_sha256(module: nn.Module) -> str:
    """SHA-256 over names, dtypes, shapes and SHA-256 digests of all parameters and buffers."""
    named = sorted(module.state_dict().items())
    with ThreadPoolExecutor() as threads:  # hashing lets go of the interpreter's lock
        digests = threads.map(_bytes_sha256, (tensor for _, tensor in named))
        whole = hashlib.sha256()
        for (name, tensor), digest in zip(named, digests, strict=True):
            whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} {digest}\n".encode())
    return whole.hexdigest()


SUMMED_BYTES = 512
"""What one sum of `weights_sums` is taken over: less than a row of any large matrix."""


def weights_sums(module: nn.Module) -> dict[str, torch.Tensor]:
    """Sums over the bits of all parameters and buffers, one for every `SUMMED_BYTES`.

    Any one change shows in them, and so does exchanging rows. Ten times as fast as
    `weights_sha256`: for comparing a network with itself (see `same_sums`).
    """
    return {name: _bit_sums(tensor) for name, tensor in module.state_dict().items()}


def same_sums(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    """Whether two `weights_sums` are of the same names and equal."""
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def _bit_sums(tensor: torch.Tensor) -> torch.Tensor:
    """Bytes that are left over come last, one by one."""
    raw = tensor.detach().contiguous().flatten().view(torch.uint8)
    if raw.storage_offset() % 8:
        raw = raw.clone()
    whole = len(raw) // SUMMED_BYTES * SUMMED_BYTES
    sums = raw[:whole].view(torch.int64).view(-1, SUMMED_BYTES // 8).sum(dim=1)
    return torch.cat([sums, raw[whole:].to(torch.int64)])


def _bytes_sha256(tensor: torch.Tensor) -> str:
    flat = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
    return hashlib.sha256(flat.numpy().data).hexdigest()
