"""A checkpoint's processor: for images and text only."""

from __future__ import annotations

import json
from inspect import signature
from pathlib import Path
from typing import Any

import transformers
from transformers import AutoProcessor

from heedmap.errors import CheckpointError, first_line_of

CONFIGS = ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json")


def load_processor(folder: str | Path, *, local: bool = True, trust_code: bool = False) -> Any:
    """The processor in a folder. Raises CheckpointError when it cannot be read.

    Several need torchvision for videos, which robots' policies do not take: without
    torchvision, theirs is read without its part for videos.
    """
    options = {"local_files_only": local, "trust_remote_code": trust_code}
    known = _class_named_in(Path(folder))
    try:
        try:
            return AutoProcessor.from_pretrained(folder, **options)
        except (ImportError, OSError):
            if known is None or "video_processor" not in known.get_attributes():
                raise
            return images_only(known).from_pretrained(folder, **options)
    except (ImportError, OSError, ValueError, KeyError, TypeError) as error:
        first_line = first_line_of(error)
        raise CheckpointError(
            "The processor in {folder} cannot be read ({why}); copy the processor's and "
            "tokenizer's files of the base model there.",
            folder=folder,
            why=first_line,
        ) from error


class _NoVideos:
    """Placeholder for a video processor: its settings are None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def images_only(processor: type[Any]) -> type[Any]:
    """The processor class without its part for videos."""

    def attributes(cls: type[Any]) -> list[str]:
        return [name for name in processor.get_attributes() if name != "video_processor"]

    def built(cls: type[Any], args: list[Any], settings: dict[str, Any], **kwargs: Any) -> Any:
        places = list(signature(processor.__init__).parameters)[1:]
        place = places.index("video_processor")  # some require a value there
        args = [*args[:place], None, *args[place:]]
        return processor.from_args_and_dict.__func__(cls, args, settings, **kwargs)

    own = {
        "get_attributes": classmethod(attributes),
        "from_args_and_dict": classmethod(built),
        "video_processor": _NoVideos(),
    }
    return type(processor.__name__, (processor,), own)


def _class_named_in(folder: Path) -> type[Any] | None:
    for name in CONFIGS:
        try:
            named = json.loads((folder / name).read_text()).get("processor_class")
        except (OSError, ValueError, AttributeError):
            continue
        if isinstance(named, str) and hasattr(transformers, named):
            return getattr(transformers, named)
    return None
