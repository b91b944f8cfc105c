"""What a user may say of a server, and how an observation becomes what is sent."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float
from PIL import Image
from pydantic import Field

from heedmap.data.observation import Observation
from heedmap.data.pixels import Frame
from heedmap.errors import PolicyError
from heedmap.frozen import Frozen
from heedmap.phrase import Phrase

TIMEOUT_S = 60.0
"""For one answer; the first may have to wait until the server has compiled its model."""
ProtocolName = Literal["openpi", "vla-eval", "gr00t", "lerobot"]


class ServerOptions(Frozen):
    """What may follow `server:ADDRESS?`. None: as the protocol's own clients do."""

    protocol: ProtocolName | None = None
    """None: by the address, and on a websocket by what the server says first."""
    images: str | None = None
    """Key of each camera, in their order, comma-separated: `observation/image,...`."""
    state: str | None = None
    """Key of the state; empty: it is not sent. GR00T: `KEY:LENGTH,KEY:LENGTH` of its parts."""
    prompt: str | None = None
    actions: str | None = None
    """Key of the answered actions; GR00T: keys, comma-separated."""
    resize: int | None = Field(default=None, ge=0, le=8192)
    """Sides of the images that are sent, padded with black; 0: as they are."""
    flat: bool = False
    """GR00T: keys such as `video.front`, as its simulation wrapper takes them."""
    policy: str | None = None
    """LeRobot: kind of the policy that its server shall load, such as `smolvla`."""
    checkpoint: str | None = None
    """LeRobot: path or name of the checkpoint, as the server finds it."""
    device: str = "cpu"
    """LeRobot: where the server shall run it."""
    steps: int = Field(default=1, ge=1, le=1000)
    """Steps of the answered chunk that make up the action."""
    repeats: int = Field(default=1, ge=1, le=1000)
    """Answers whose mean is taken, for servers that draw noise."""
    timeout_s: float = Field(default=TIMEOUT_S, gt=0, le=86_400)

    def pictures(
        self, observation: Observation, default: str | None = None, side: int = 0
    ) -> dict[str, np.ndarray]:
        """The cameras' images by the keys that the server knows, in their order.

        `default` are the protocol's own keys, None the frame's; `side` its own size, 0 as they
        are. Raises PolicyError unless there is one key a camera.
        """
        written = self.images or default
        keys = list(observation.images) if written is None else written.split(",")
        if len(keys) != len(observation.images) or len(set(keys)) != len(keys):
            raise PolicyError(
                "The server gets {count} camera(s) ({keys}), the frame has {images}; name one key "
                "a camera: ?images=KEY,KEY.",
                count=len(keys),
                keys=", ".join(keys),
                images=len(observation.images),
            )
        side = side if self.resize is None else self.resize
        images = zip(keys, observation.images.values(), strict=True)
        return {key: padded(image, side) if side else image for key, image in images}


def padded(frame: Frame, side: int) -> np.ndarray:
    """Scaled into a square of `side` pixels, the rest black, as openpi's clients do."""
    scale = side / max(frame.shape[:2])
    height, width = (max(1, round(length * scale)) for length in frame.shape[:2])
    image = Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR)
    square = Image.new("RGB", (side, side))
    square.paste(image, ((side - width) // 2, (side - height) // 2))
    return np.asarray(square)


def as_chunk(given: object, what: str, hint: str, ndim: int = 2) -> Float[np.ndarray, "step dim"]:
    """A server's actions, as floats. Raises PolicyError, with a hint, for any other array.

    Fewer dimensions than two are one step, where the protocol (`ndim`) allows them.
    """
    is_array = isinstance(given, np.ndarray)
    if is_array and given.dtype.kind in "biuf" and ndim <= given.ndim <= 2 and given.size:
        return np.atleast_2d(given).astype(np.float64)
    found = (
        Phrase("an array of {dtype} and shape {shape}", dtype=given.dtype, shape=given.shape)
        if is_array
        else Phrase("none")
    )
    raise PolicyError(
        "{what} has {found}, expected numbers of shape (step, dimension); {hint}.",
        what=what,
        found=found,
        hint=hint,
    )
