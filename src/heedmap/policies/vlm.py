"""Adapter for vision-language models of transformers that write actions as tokens: `vlm:PATH`.

Any model that `AutoModelForImageTextToText` knows. Processor, image tokens, chat template,
positions and masks are the model's own; the action is read where its tokens are predicted.
Of several steps, the tokens before are those that the policy itself writes there, and all
steps are read in one pass.
"""

from __future__ import annotations

import copy
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, final

import torch
from PIL import Image
from torch import nn
from transformers import PreTrainedModel

from heedmap.data.observation import Observation
from heedmap.errors import InstructionError
from heedmap.policies.action_tokens import ActionTokens
from heedmap.policies.base import ActionScores, Policy
from heedmap.policies.unwatched import unwatched
from heedmap.record.record import Loaded

INSTRUCTION = "{instruction}"
SUFFIX_TYPES = {"paligemma": 1}
"""Token types of what follows the prompt, where they are not those of text: PaliGemma's prompt
attends to itself both ways, what it writes looks back only."""
WRITTEN_HELD = 4096
"""Written actions that are kept, so that they are written once."""

Inputs = dict[str, Any]


@final
class VlmPolicy(Policy):
    """A vision-language model around its processor."""

    family = "vlm"

    def __init__(
        self,
        name: str,
        model: PreTrainedModel,
        processor: Any,
        actions: ActionTokens,
        *,
        prompt: str = INSTRUCTION,
        suffix_ids: Sequence[int] = (),
        chat: bool | None = None,
        lower_case: bool = False,
        loaded: Loaded | None = None,
    ) -> None:
        """Take what is given; the processor supplies the rest.

        `suffix_ids` follow the tokenised prompt; `chat` is whether the chat template is used;
        with `lower_case`, instructions are put into the prompt in small letters.
        """
        super().__init__(name)
        self._model = model
        self._processor = processor
        self._tokenizer = getattr(processor, "tokenizer", processor)
        self._actions = actions
        self._prompt = prompt
        self._suffix_ids = tuple(suffix_ids)
        has_template = bool(getattr(processor, "chat_template", None))
        self._chats = has_template if chat is None else chat
        self._lower_case = lower_case
        self.loaded = loaded
        image_id = getattr(model.config, "image_token_id", None)
        self.special_ids = tuple(i for i in self._tokenizer.all_special_ids if i != image_id)
        self._mark: str | None = None
        self._writer: Any = _twin(model) if actions.steps > 1 else None
        self._written: OrderedDict[str, tuple[int, ...]] = OrderedDict()

    @property
    def module(self) -> nn.Module:
        """The whole model."""
        return self._model

    @property
    def action_names(self) -> tuple[str, ...] | None:
        """Of the classes; None where steps are numbers."""
        return self._actions.names

    def act(self, observations: Sequence[Observation], instructions: Sequence[str]) -> ActionScores:
        """One pass over the prompt and the action's first tokens."""
        inputs = self.inputs(observations, instructions)
        if self._actions.steps > 1:
            examples = zip(observations, instructions, strict=True)
            written = [self._write(observation, text) for observation, text in examples]
            inputs = self._followed_by(inputs, torch.tensor(written, dtype=torch.long))
        logits = self._model(**inputs, use_cache=False).logits
        return self._actions.scores(self._at_action(logits, inputs["attention_mask"]))

    def inputs(self, observations: Sequence[Observation], instructions: Sequence[str]) -> Inputs:
        """What the model is called with. Raises InstructionError for an instruction too long."""
        for text in instructions:
            self.token_count(text)
        images = [[Image.fromarray(i) for i in o.images.values()] for o in observations]
        prompts = [self._prompted(text) for text in instructions]
        if self._chats:
            texts = [self._in_chat(p, len(own)) for p, own in zip(prompts, images, strict=True)]
        else:
            mark = self._image_mark(images[0], prompts[0])
            texts = [mark * len(own) + p for p, own in zip(prompts, images, strict=True)]
        inputs = self._processed(images, texts)
        suffix = torch.tensor([self._suffix_ids] * len(texts), dtype=torch.long)
        return self._followed_by(inputs, suffix) if self._suffix_ids else inputs

    def _processed(self, images: list[list[Image.Image]], texts: list[str]) -> Inputs:
        if self._actions.steps > 1 or self._suffix_ids:
            self._tokenizer.padding_side = "left"  # what follows comes after every prompt
        found = self._processor(images=images, text=texts, padding=True, return_tensors="pt")
        return {
            key: value.to(self._model.device, self._model.dtype)
            if torch.is_floating_point(value)
            else value.to(self._model.device)
            for key, value in found.items()
            if torch.is_tensor(value) and key != "labels"
        }

    def _image_mark(self, images: list[Image.Image], prompt: str) -> str:
        """Placeholder of an image before a prompt: the processor's token for it.

        Nothing where the prompt holds it, or where the processor puts its tokens itself, so
        that one more would be one too many.
        """
        token = getattr(self._processor, "image_token", None)
        if token is None or token in prompt:
            return ""
        if self._mark is None:
            image_id = self._tokenizer.convert_tokens_to_ids(token)
            marked = self._count(image_id, images, token * len(images) + prompt)
            try:
                plain = self._count(image_id, images, prompt)
            except ValueError:
                plain = 0
            self._mark = "" if marked > plain > 0 else str(token)
        return self._mark

    def _count(self, image_id: int, images: list[Image.Image], text: str) -> int:
        return int((self._processed([images], [text])["input_ids"] == image_id).sum())

    def token_count(self, instruction: str) -> int:
        """Tokens of the prompt, the image's left out. Raises InstructionError if too many."""
        count = len(self._tokenizer(self._prompted(instruction))["input_ids"])
        text_config = self._model.config.get_text_config()
        most = getattr(text_config, "max_position_embeddings", None)
        if most is not None and count > most:
            raise InstructionError(
                "The instruction has {count} tokens with its prompt, the policy '{name}' takes "
                "{most} at most; shorten it.",
                count=count,
                name=self.name,
                most=most,
            )
        return count

    def _prompted(self, instruction: str) -> str:
        own = instruction.lower() if self._lower_case else instruction
        return self._prompt.replace(INSTRUCTION, own)

    def _in_chat(self, prompt: str, images: int) -> str:
        content = [*({"type": "image"} for _ in range(images)), {"type": "text", "text": prompt}]
        message = {"role": "user", "content": content}
        return str(self._processor.apply_chat_template([message], add_generation_prompt=True))

    def _write(self, observation: Observation, instruction: str) -> tuple[int, ...]:
        """The action's tokens but the last, the likeliest of them each, as the policy writes them.

        Interventions in the traced pass leave these unchanged.
        """
        key = self._key(observation, instruction)
        if key not in self._written:
            with unwatched():
                self._written[key] = self._generated(self.inputs([observation], [instruction]))
        self._written.move_to_end(key)
        while len(self._written) > WRITTEN_HELD:
            self._written.popitem(last=False)
        return self._written[key]

    def _generated(self, inputs: Inputs) -> tuple[int, ...]:
        count = self._actions.steps - 1
        written = self._writer.generate(
            **inputs,
            max_new_tokens=count,
            min_new_tokens=count,
            do_sample=False,
            num_beams=1,
            prefix_allowed_tokens_fn=lambda *_: list(self._actions.ids),
            pad_token_id=self._tokenizer.pad_token_id,
        )
        return tuple(written[0, -count:].tolist())

    def _followed_by(self, inputs: Inputs, ids: torch.Tensor) -> Inputs:
        """The prompt with tokens after it, and all other inputs that are per token."""
        count = ids.shape[1] if ids.ndim == 2 else 0
        if not count:
            return inputs
        ids = ids.to(self._model.device)
        length = inputs["input_ids"].shape[1]
        longer = dict(inputs)
        for key, value in inputs.items():
            if value.ndim != 2 or value.shape[1] != length or value.shape[0] != len(ids):
                continue
            fill = {"attention_mask": 1, "token_type_ids": self._suffix_type()}.get(key, 0)
            more = ids if key == "input_ids" else torch.full_like(ids, fill, dtype=value.dtype)
            longer[key] = torch.cat([value, more], dim=1)
        return longer

    def _suffix_type(self) -> int:
        return SUFFIX_TYPES.get(self._model.config.model_type, 0)

    def _at_action(self, logits: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits of the positions that predict the action's tokens, (batch, step, vocabulary)."""
        last = mask.shape[1] - 1 - mask.flip(1).long().argmax(dim=1)
        # Expanded image tokens may make the sequence longer than the prompt's ids: from the end.
        from_end = last - mask.shape[1] + logits.shape[1]
        steps = torch.arange(1 - self._actions.steps, 1, device=logits.device)
        rows = torch.arange(len(logits), device=logits.device)[:, None]
        return logits[rows, from_end[:, None] + steps]

    def _key(self, observation: Observation, instruction: str) -> str:
        digest = hashlib.sha256(instruction.encode())
        for camera, image in observation.images.items():
            digest.update(camera.encode() + image.tobytes())
        return digest.hexdigest()


def _twin(model: PreTrainedModel) -> PreTrainedModel:
    """The same weights in modules of their own, so that hooks on the model are not on these."""
    tensors = [*model.parameters(), *model.buffers()]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})
