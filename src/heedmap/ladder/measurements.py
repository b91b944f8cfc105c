"""What was measured of a policy, which the ladder is judged from: plain values, no torch.

"Not measured" is None, never 0.
"""

from __future__ import annotations

from pydantic import Field

from heedmap.frozen import Frozen
from heedmap.ladder.behaviour import BehaviourFacts, TrailFacts
from heedmap.ladder.evidence import Bypass, CausalMap, ObeyedFacts, PatchMap, UsedFacts


class StackInfo(Frozen):
    """One stack of attention layers that ran, and whether it is the one that was taken."""

    pattern: str
    layers: int
    positions: int
    backend: str
    taken: bool
    reason: str
    reads_words: bool | None = None
    """Whether rows that hold no words attend to words, in any of its calls; None where it was read
    as a whole."""
    calls: int = 1
    """How often its modules ran in one run of the policy, at most."""
    calls_reading: tuple[int, ...] = ()
    """Numbers of the calls in which any of its modules reads words, from 0."""
    carried: float | None = None
    """Share of the action's difference between two instructions that comes over when all that its
    layers compute is taken from the run under the other one; None where it was not patched."""
    moved: float | None = None
    """How far that moves the action in any direction, as a share of the same difference."""
    holds_words: bool = False
    """Whether some of its keys hold words, in any of its calls; not known of a stack that was read
    as a whole."""
    image_only: tuple[str, ...] = ()
    """Modules of which the action is decoded from rows that see image positions alone, in all
    calls."""


class TokenFacts(Frozen):
    """Which ids reach the model under every instruction (rung 1)."""

    module: str | None
    """The embedding that looks the words up; None where no embedding was seen."""
    ids: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    follows_instruction: bool = False
    """Whether any id changes with the instruction at all."""
    identical_pairs: tuple[tuple[str, str], ...] = ()
    """Instructions of different words that become the same ids."""
    lost_words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Words that may be exchanged for made-up ones without any id changing."""
    grows_with_instruction: bool = True
    """Whether one more word at the end changes an id, for some instruction."""
    words: int = 0
    """Words of the first instruction: the first that the audit gave to the policy."""


class PresenceFacts(Frozen):
    """Which positions entering layer 0 depend on the instruction (rung 2)."""

    measured: bool
    """False where no variant of equal length was found."""
    positions: tuple[int, ...]
    """Positions that only the instruction moves."""
    mixed_positions: tuple[int, ...]
    """Positions that both instruction and frame move."""
    overwritten_positions: tuple[int, ...] = ()
    """Where the instruction's words would be, but image embeddings are."""
    length_changes_attention: bool | None = None
    """Whether a longer instruction changes the attention though no word moves a position."""
    shifts_with_length: bool | None = None
    """Whether a longer instruction puts its first word elsewhere than before."""


class VisibilityFacts(Frozen):
    """What the masks let through to the action rows (rung 3)."""

    instruction_total: int
    instruction_direct: int
    """Positions that an action row may see itself, in some layer."""
    instruction_reachable: int
    """Positions from which anything can reach an action row, over any rows and layers."""
    instruction_hops: int | None
    """Fewest hops from such a position; 1 is direct attention."""
    instruction_after_action: bool
    """Whether all of them come after the last action row."""
    image_total: int
    image_direct: int
    image_reachable: int
    blind_rows: tuple[int, ...] = ()
    """Rows that may see no key at all in some layer: their attention is uniform or undefined."""


class HeadOnInstruction(Frozen):
    """One head's share on the instruction."""

    layer: int
    head: int
    share: float


class AttendedFacts(Frozen):
    """What the action rows attend to (rung 4); means over layers, heads and cases."""

    share: float
    last_layer_share: float
    lift: float | None
    """Share per visible token against uniform; sinks left out on both sides."""
    lift_by_region: dict[str, float | None] = Field(default_factory=dict)
    """As `lift`, for every region of the first case; None where none of it is visible."""
    sinks: tuple[int, ...]
    value_share: float | None
    """Share of the norms of what is read (Kobayashi et al. 2020)."""
    rollout_share: float | None
    """Share of attention rollout (Abnar & Zuidema 2020) on the instruction's positions, over all
    stacks, caches and loops. None where rows are mixed by something else than attention."""
    rollout_by_region: dict[str, float] = Field(default_factory=dict)
    """Over several stacks: the rollout by what the rows hold that it comes from; adds up to 1."""
    rollout_unknown: str | None = None
    """Why there is none, where it could not be followed."""
    values_are_zero: bool | None
    """Whether the value vectors at the instruction's positions are zero in every layer."""
    heads_alive_by_layer: tuple[int, ...]
    """Heads with at least 5 % of their attention on the instruction."""
    top_heads: tuple[HeadOnInstruction, ...] = ()
    """The heads that attend to the instruction most."""
    largest_share: float | None = None
    """Over several stacks: the largest share on words in any computation, in any head."""
    ivar: float | None
    """Instruction share over instruction + image share (as published under this name)."""
    null_shuffled_weights: float | None = None
    """The share with every weight matrix's entries shuffled: what the architecture gives."""
    null_nonsense: float | None = None
    """The share under made-up instructions of equal length."""


class Computation(Frozen):
    """One attention computation of a run with several stacks, caches or loops."""

    module: str
    call: int
    """Which call of the module, from 0: a flow step, a token, a round of a loop."""
    queries: int
    keys: int
    groups: int
    """Heads times examples of a batch."""
    action_rows: tuple[int, ...]
    """Query rows that the action is decoded from; empty where it rests on none directly."""
    shares: dict[str, float]
    """Of the action rows' attention, or where there are none of all rows' that hold no words, by
    what the keys hold; with `rest` they add up to 1. Mean over rows and groups."""
    words: int
    """Keys that hold words of the instruction."""
    words_seen: int
    """Those that these rows may see."""


class Measurements(Frozen):
    """All that the ladder is judged from."""

    stacks: tuple[StackInfo, ...]
    tokens: TokenFacts
    presence: PresenceFacts
    visibility: VisibilityFacts
    attended: AttendedFacts | None
    bypass: Bypass
    used: UsedFacts | None = None
    """None where the instruction has no position in the sequence, or no frame counts."""
    obeyed: ObeyedFacts | None = None
    causal_map: CausalMap | None = None
    patches: tuple[PatchMap, ...] = ()
    by_exchange_only: bool = False
    """No attention could be read: rung 5 is judged by exchanging instructions."""
    behaviour: BehaviourFacts | None = None
    """What exchanging instruction, frame and state does; None in older records."""
    trail: TrailFacts | None = None
    """Where the instruction was lost; None where it was not, or no module is at hand."""
    unread: str | None = None
    """Why no transformer's attention could be read; None where it was, and for a black box."""
    has_no_attention: bool = False
    """Whether that is because no attention was seen at all."""
    computations: tuple[Computation, ...] = ()
    """Every attention computation of the first case's run, where these are in several stacks, read
    a cache or run in a loop; empty where one stack was read as a whole."""

    @classmethod
    def of_black_box(
        cls,
        obeyed: ObeyedFacts | None,
        behaviour: BehaviourFacts | None = None,
        trail: TrailFacts | None = None,
        unread: str | None = None,
        *,
        has_no_attention: bool = False,
    ) -> Measurements:
        """What is known where no attention can be read, or nothing but actions be seen."""
        return cls(
            stacks=(),
            tokens=TokenFacts(module=None),
            presence=PresenceFacts(measured=False, positions=(), mixed_positions=()),
            visibility=VisibilityFacts(
                instruction_total=0,
                instruction_direct=0,
                instruction_reachable=0,
                instruction_hops=None,
                instruction_after_action=False,
                image_total=0,
                image_direct=0,
                image_reachable=0,
            ),
            attended=None,
            bypass=Bypass(status="not measured"),
            obeyed=obeyed,
            by_exchange_only=True,
            behaviour=behaviour,
            trail=trail,
            unread=unread,
            has_no_attention=has_no_attention,
        )


class InstructionPair(Frozen):
    """Two instructions compared on one policy, over all frames."""

    first: str
    second: str
    same_token_count: bool | None
    attention_identical: bool
    """Bit for bit, every layer, head and key, on every frame."""
    action_identical: bool
    """The action's scores, bit for bit, on every frame."""
    choice_identical: bool | None
    """The chosen action, on every frame; None for continuous heads."""
    action_distance_bits: float | None = None
    """Jensen-Shannon divergence of the actions' probabilities, 0..1, mean over the frames."""


class Facts(Frozen):
    """What was seen of a policy's inputs and actions; measured on all of its cases."""

    instruction_positions: tuple[int, ...]
    """Positions entering layer 0 that an instruction of equal token count moves."""
    instruction_measured: bool
    """False where no variant of equal token count was found; then the above says nothing."""
    mixed_positions: tuple[int, ...]
    """Positions that both the frame and the instruction move (part of neither region)."""
    seen_image_positions: tuple[int, ...]
    """Image positions that the action row can see in at least one case."""
    image_total: int
    image_visible_min: int
    image_visible_max: int
    pairs: tuple[InstructionPair, ...]
    layouts_disagree: bool
    """The declared regions are not the measured ones, in at least one case."""
    is_black_box: bool = False
    """Nothing but actions could be seen: all of the above is empty."""

    @classmethod
    def of_black_box(cls) -> Facts:
        """Nothing is known."""
        return cls(
            instruction_positions=(),
            instruction_measured=False,
            mixed_positions=(),
            seen_image_positions=(),
            image_total=0,
            image_visible_min=0,
            image_visible_max=0,
            pairs=(),
            layouts_disagree=False,
            is_black_box=True,
        )
