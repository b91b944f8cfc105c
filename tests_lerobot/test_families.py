"""Every family that can be built from random weights is audited; docs/families.md says what of it.

Cells are "yes" where a rung was measured, whatever it says of random weights. To write the page:
`HEEDMAP_WRITE_PAGES=1 make test-lerobot`.
"""

from __future__ import annotations

import os
from pathlib import Path

import lerobot
import pytest
import torch

from heedmap import audit
from heedmap.record.record import PolicyResult
from tests.families_page import RUNGS
from tests_lerobot.conftest import Load
from tests_lerobot.faults import FAULTS
from tests_lerobot.tiny import INSTRUCTIONS, frames

PAGE = Path(__file__).parents[1] / "docs" / "families.md"
BEGIN, END = "<!-- filled by tests_lerobot/test_families.py -->", "<!-- end of LeRobot's -->"
READ_WORDS = {
    "smolvla": "SmolVLA",
    "smolvla_self_attention": "SmolVLA (self_attn)",
    "pi0": "π0",
    "pi05": "π0.5",
    "pi0_fast": "π0-FAST",
    "multi_task_dit": "multi-task DiT",
    "xvla": "X-VLA",
    "vla_jepa": "VLA-JEPA",
    "eo1": "EO-1",
    "evo1": "Evo-1",
    "wall_x": "Wall-X",
    "groot": "GR00T N1.7",
    "molmoact2": "MolmoAct2",
}
LARGE = ("wall_x", "groot", "molmoact2")
"""Audited on one frame."""
READ_NONE = {"act": "ACT", "diffusion": "Diffusion Policy"}
NAMED = {
    "stale task": {"stale_instruction"},
    "masked words": {"masked"},
    "zeroed words": {"gated"},
}
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*rope_config_validation:FutureWarning"
)  # MolmoAct2
_SEEN: dict[str, list[str]] = {}


def audited(policy: object, count: int) -> PolicyResult:
    return audit(policy, frames(count), INSTRUCTIONS, until="cut").record.policies[0]


def saw(family: str, result: PolicyResult) -> None:
    measured = result.measurements
    rungs = {r: result.verdict.rungs[r].status != "not measured" for r in RUNGS[:4]}
    rungs["used"] = measured.used is not None or measured.by_exchange_only
    rungs["obeyed"] = measured.obeyed is not None
    _SEEN[family] = ["yes" if rungs[rung] else "-" for rung in RUNGS]


@pytest.mark.parametrize("name", READ_WORDS)
def test_a_policy_that_reads_words_is_seen_to(load: Load, name: str) -> None:
    policy = load(name)
    assert policy.loaded is not None
    assert not policy.loaded.random_weights
    assert not policy.loaded.ignored_weights
    assert not policy.has_no_text_input
    assert policy.token_count("go to the left")
    result = audited(policy, count=1 if name in LARGE else 2)
    assert result.measurements.behaviour is not None
    assert result.measurements.behaviour.responds
    assert result.verdict.first_failing is None
    assert result.verdict.cause in ("none", "bypass", "indirect_only")
    saw(READ_WORDS[name], result)


@pytest.mark.parametrize("name", READ_NONE)
def test_a_policy_without_a_text_input_is_said_to_have_none(load: Load, name: str) -> None:
    policy = load(name)
    assert policy.has_no_text_input
    assert policy.token_count("go to the left") is None
    result = audited(policy, count=2)
    assert result.verdict.cause == "absent"
    assert "has no input for an instruction" in result.verdict.sentence
    saw(READ_NONE[name], result)


@pytest.mark.parametrize("name", ["smolvla", "pi05"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(load: Load, name: str, fault: str) -> None:
    policy = load(name)
    FAULTS[fault](policy)
    assert audited(policy, count=1).verdict.cause in NAMED[fault]


def test_what_is_run_is_what_lerobot_runs(load: Load) -> None:
    """The same steps by hand, with LeRobot's functions alone."""
    from lerobot.policies.utils import prepare_observation_for_inference

    policy = load("smolvla")
    observation = frames(1)["frame 0"]
    parts = policy._parts
    given = {f"observation.images.{c}": i.copy() for c, i in observation.images.items()}
    assert observation.state is not None
    given["observation.state"] = observation.state.copy()
    batch = prepare_observation_for_inference(given, torch.device("cpu"), "go to the left")
    parts.model.reset()
    torch.manual_seed(0)
    chunk = parts.processors.after(parts.model.predict_action_chunk(parts.processors.before(batch)))
    assert torch.equal(policy([observation], ["go to the left"]), chunk.reshape(1, -1))


def test_the_page_says_what_was_seen() -> None:
    families = {**READ_WORDS, **READ_NONE}
    if len(_SEEN) < len(families):
        pytest.skip("not all families were audited in this run")
    lines = [f"LeRobot {lerobot.__version__}:", ""]
    lines += ["| policy | " + " | ".join(RUNGS) + " |", "|---" * (len(RUNGS) + 1) + "|"]
    lines += [f"| {each} | {' | '.join(_SEEN[each])} |" for each in families.values()]
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page = f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}"
    if os.environ.get("HEEDMAP_WRITE_PAGES"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page, f"{PAGE} is out of date; see {__file__}"
