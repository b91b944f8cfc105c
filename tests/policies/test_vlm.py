"""Vision-language models from folders: what they need is told, what could run code is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from heedmap.data.observation import of_frame
from heedmap.errors import CheckpointError, InstructionError, PolicyError
from heedmap.policies.action_tokens import (
    Statistics,
    bin_tokens,
    id_tokens,
    load_statistics,
    word_tokens,
)
from heedmap.policies.checkpoints.permissions import Permissions
from heedmap.policies.registry import load_policy
from heedmap.policies.vlm import VlmPolicy
from heedmap.testbed.specimens.world import FrameCase
from tests.families import ACTIONS, FAMILIES, INSTRUCTIONS, PROMPT, family

QUERY = f"?actions={ACTIONS}&prompt={PROMPT}"


@pytest.fixture(scope="module", params=["paligemma", "qwen2_5_vl", "smolvlm"])
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `save_pretrained` leaves them; two of them need torchvision for videos."""
    own = family(request.param)
    folder = tmp_path_factory.mktemp("saved") / request.param
    own.model.save_pretrained(folder)
    own.processor.save_pretrained(folder)
    return folder


def test_a_folder_acts_as_the_model_that_was_saved(saved: Path, case: FrameCase) -> None:
    own = family(saved.name)
    tokens = word_tokens(ACTIONS, own.processor.tokenizer)
    expected = VlmPolicy("x", own.model, own.processor, tokens, prompt=PROMPT)
    policy = load_policy(f"vlm:{saved}{QUERY}")
    assert policy.action_names == ("left", "right", "forward")
    assert policy.loaded is not None
    assert policy.loaded.choices["prompt"] == PROMPT
    for text in INSTRUCTIONS.values():
        given = [of_frame(case.frame)], [text]
        assert torch.allclose(policy(*given), expected(*given), atol=1e-6)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "Say how .* writes its actions"),
        ("?actions=left,right&ids=1:3", "in one way"),
        ("?actions=left,leftwards", "'leftwards' is no single token"),
        ("?actions=left,left", "two or more different tokens"),
        ("?ids=x", "write ids=20:23"),
        ("?bins=2", "setting 'bins'"),
        ("?ids=1:3&prompt=go", "no place for the instruction"),
        ("?bins=8&statistics=none.json", "none.json does not exist"),
    ],
)
def test_settings_that_cannot_be_used(query: str, told: str, saved: Path) -> None:
    with pytest.raises(PolicyError, match=told):
        load_policy(f"vlm:{saved}{query}")


def test_nothing_is_fetched_without_leave() -> None:
    with pytest.raises(CheckpointError, match="no folder on this machine; .* --hub"):
        load_policy("vlm:some/model?ids=1:3")


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds no config\.json"):
        load_policy(f"vlm:{tmp_path}?ids=1:3")
    (tmp_path / "config.json").write_text("[")
    with pytest.raises(CheckpointError, match="cannot be read as JSON"):
        load_policy(f"vlm:{tmp_path}?ids=1:3")


def test_missing_and_broken_weights_are_told(tmp_path: Path, case: FrameCase) -> None:
    from safetensors.torch import load_file, save_file

    own = family("llava")
    own.model.save_pretrained(tmp_path)
    own.processor.save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    whole = load_file(path)
    name = next(n for n in whole if n.endswith("layers.1.self_attn.q_proj.weight"))
    rest = {n: t for n, t in whole.items() if n != name}
    save_file(rest, path, {"format": "pt"})
    with pytest.raises(CheckpointError, match=r"lacks .*layers\.1\.self_attn\.q_proj\.weight"):
        load_policy(f"vlm:{tmp_path}{QUERY}")
    policy = load_policy(f"vlm:{tmp_path}{QUERY}", Permissions(allow_partial=True))
    assert policy.loaded is not None
    assert len(policy.loaded.random_weights) == 1
    save_file({**whole, name: torch.full_like(whole[name], torch.nan)}, path, {"format": "pt"})
    with pytest.raises(CheckpointError, match="NaN or infinite"):
        load_policy(f"vlm:{tmp_path}{QUERY}")
    path.write_bytes(b"short")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_policy(f"vlm:{tmp_path}{QUERY}")


CODE = """
from pathlib import Path
Path(__file__).parent.joinpath("it-ran").touch()
from transformers import Idefics3Config, Idefics3ForConditionalGeneration
class OwnConfig(Idefics3Config):
    model_type = "own_vla"
class OwnModel(Idefics3ForConditionalGeneration):
    config_class = OwnConfig
"""


def test_python_files_of_a_checkpoint_run_only_if_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: FrameCase
) -> None:
    """A plant that leaves a file behind: refused, nothing runs; trusted, it does."""
    monkeypatch.setattr(
        "transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "cache")
    )
    folder = tmp_path / "own"
    own = family("idefics3")
    own.model.save_pretrained(folder)
    own.processor.save_pretrained(folder)
    (folder / "own_code.py").write_text(CODE)
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "own_vla",
        "auto_map": {
            "AutoConfig": "own_code.OwnConfig",
            "AutoModelForImageTextToText": "own_code.OwnModel",
        },
    }
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        CheckpointError, match=r"own_code\.py\); nothing was run.*--trust-remote-code"
    ):
        load_policy(f"vlm:{folder}{QUERY}")
    assert not list(tmp_path.rglob("it-ran"))
    policy = load_policy(f"vlm:{folder}{QUERY}", Permissions(trust_remote_code=True))
    assert list(tmp_path.rglob("it-ran"))
    assert policy([of_frame(case.frame)], [INSTRUCTIONS["left"]]).shape == (1, 3)


def test_openvlas_documented_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: FrameCase
) -> None:
    """Prompt in small letters, the empty token behind it, seven bins in the data set's units.

    The code of the checkpoint is ours, under OpenVLA's model type; its vocabulary is padded by
    64 to 32,064, so that 31,999 is the lowest bin.
    """
    cache = str(tmp_path / "cache")
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", cache)
    folder = tmp_path / "openvla"
    torch.manual_seed(0)
    own = FAMILIES["idefics3"]()
    own.model.config.text_config.vocab_size = 32_064
    model = type(own.model)(own.model.config)
    model.save_pretrained(folder)
    own.processor.chat_template = None
    own.processor.save_pretrained(folder)
    (folder / "own_code.py").write_text(CODE.replace("own_vla", "openvla"))
    config = json.loads((folder / "config.json").read_text())
    limits = {"q01": [-2.0] * 7, "q99": [2.0] * 7, "mask": [True] * 6 + [False]}
    config |= {
        "model_type": "openvla",
        "pad_to_multiple_of": 64,
        "norm_stats": {"bridge_orig": {"action": limits}},
        "auto_map": {
            "AutoConfig": "own_code.OwnConfig",
            "AutoModelForImageTextToText": "own_code.OwnModel",
        },
    }
    (folder / "config.json").write_text(json.dumps(config))
    policy = load_policy(f"vlm:{folder}", Permissions(trust_remote_code=True))
    assert isinstance(policy, VlmPolicy)
    assert policy.action_names is None
    assert policy._actions.ids[0] == 31_999
    inputs = policy.inputs([of_frame(case.frame)], ["Go LEFT"])
    ids = inputs["input_ids"][0].tolist()
    assert ids[-1] == 29_871
    words = own.processor.tokenizer.convert_ids_to_tokens(ids[:-1])
    assert "go" in words
    assert "left" in words
    scores = policy([of_frame(case.frame)], ["Go LEFT"])
    assert scores.shape == (1, 7)
    assert scores.abs().max() <= 2
    assert policy._actions.scaled == (True,) * 6 + (False,)


def test_adapters_over_a_model(tmp_path: Path, case: FrameCase) -> None:
    from peft import LoraConfig, get_peft_model

    own = family("llava")
    own.model.save_pretrained(tmp_path / "base")
    own.processor.save_pretrained(tmp_path / "base")
    torch.manual_seed(1)
    tuned = get_peft_model(own.model, LoraConfig(r=2, target_modules=["v_proj"]))
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_B" in name:
                parameter.add_(torch.randn_like(parameter))
    tuned.save_pretrained(str(tmp_path / "tuned"))
    tokens = word_tokens(ACTIONS, own.processor.tokenizer)
    given = [of_frame(case.frame)], [INSTRUCTIONS["left"]]
    expected = VlmPolicy("x", own.model, own.processor, tokens, prompt=PROMPT)(*given)
    plain = load_policy(f"vlm:{tmp_path / 'base'}{QUERY}")(*given)
    found = load_policy(f"vlm:{tmp_path / 'base'}{QUERY}&adapter={tmp_path / 'tuned'}")(*given)
    assert torch.allclose(found, expected, atol=1e-5)
    assert not torch.allclose(plain, expected, atol=1e-3)
    with pytest.raises(CheckpointError, match="adapters in .* cannot be read"):
        load_policy(f"vlm:{tmp_path / 'base'}{QUERY}&adapter={tmp_path / 'none'}")


def test_an_instruction_too_long_is_refused(saved: Path) -> None:
    with pytest.raises(InstructionError, match="takes 512 at most"):
        load_policy(f"vlm:{saved}{QUERY}").token_count("go " * 600)


def test_bins_are_openvlas() -> None:
    """256 edges over -1..1 make 255 bins; ids 31,999 down to 31,744 are bins 0 to 254, twice 254.

    In OpenVLA's code a token's bin is `clip(32000 - id - 1, 0, 254)`, its value that bin's centre.
    """
    tokens = bin_tokens(256, 7, 31_999, None)
    assert tokens.values is not None
    assert (tokens.ids[0], tokens.ids[-1]) == (31_999, 31_744)
    edges = torch.linspace(-1, 1, 256, dtype=torch.float64)
    centres = (edges[:-1] + edges[1:]) / 2
    for token, value in zip(tokens.ids, tokens.values, strict=True):
        number = min(max(32_000 - token - 1, 0), 254)
        assert value == pytest.approx(float(centres[number]))


def test_a_certain_token_gives_its_bins_value_in_units() -> None:
    """-1..1 becomes q01..q99 where the mask says so: 0.5 * (x + 1) * (q99 - q01) + q01."""
    statistics = Statistics((-2.0, 0.0), (4.0, 1.0), (True, False))
    tokens = bin_tokens(5, 2, 9, statistics)
    # Edges -1, -0.5, 0, 0.5, 1; centres -0.75, -0.25, 0.25, 0.75; ids 9, 8, 7, 6, 5.
    assert tokens.values == (-0.75, -0.25, 0.25, 0.75, 0.75)
    logits = torch.full((1, 2, 10), -100.0)
    logits[0, 0, 7] = logits[0, 1, 9] = 100.0
    assert tokens.scores(logits)[0].tolist() == pytest.approx([0.5 * 1.25 * 6 - 2, -0.75])


def test_statistics_are_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    action = {"q01": [-1, 0], "q99": [1, 2], "mask": [True, False]}
    path.write_text(json.dumps({"bridge": {"action": action}}))
    assert load_statistics(path, None) == Statistics((-1.0, 0.0), (1.0, 2.0), (True, False))
    path.write_text(json.dumps({"bridge": {"action": action}, "fractal": {"action": action}}))
    with pytest.raises(PolicyError, match="statistics of bridge, fractal; name one"):
        load_statistics(path, None)
    assert load_statistics(path, "fractal").low == (-1, 0)
    with pytest.raises(PolicyError, match="of 2 dimensions, the action of 7 steps"):
        bin_tokens(256, 7, 99, load_statistics(path, "bridge"))


def test_ids_are_ranges_or_lists() -> None:
    assert id_tokens("20:23").ids == (20, 21, 22)
    assert id_tokens("5,9").names == ("token_5", "token_9")
