"""What a policy sees at one moment: the images of its cameras, and its own state."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from heedmap.data.images import side_by_side
from heedmap.data.pixels import Frame
from heedmap.visible import whole_texts

ONLY_CAMERA = "image"
"""The camera's name where there is but one."""


@dataclass(frozen=True)
class Observation:
    """Camera images by name, and the state vector where the policy takes one."""

    images: Mapping[str, Frame]
    state: Float[np.ndarray, " state"] | None = None
    history: tuple[Observation, ...] = ()
    """The moments before, oldest first, for policies that see a window of frames."""

    @property
    def frame(self) -> Frame:
        """The first camera's image."""
        return next(iter(self.images.values()))

    @property
    def pixels(self) -> Frame:
        """What a person looks at: the cameras side by side, the first one left."""
        return side_by_side(list(self.images.values()))

    @property
    def sha256(self) -> str:
        """Of all that a policy sees: every camera's pixels, the state, and the moments before."""
        found = hashlib.sha256()
        arrays = dict(self.images) if self.state is None else {**self.images, "": self.state}
        for name, array in arrays.items():
            found.update(repr((name, array.shape, array.dtype.str)).encode())
            found.update(array.tobytes())
        for before in self.history:
            found.update(before.sha256.encode())
        return found.hexdigest()

    def with_image(self, camera: str, frame: Frame) -> Observation:
        """The same moment with one camera's image exchanged."""
        return replace(self, images={**self.images, camera: frame})


def of_frame(frame: Frame) -> Observation:
    """The observation of a policy with one camera and no state."""
    return Observation({ONLY_CAMERA: frame})


@dataclass(frozen=True)
class NamedFrame:
    """A moment with its name in the result and where it came from."""

    name: str
    source: str
    observation: Observation
    instruction: str | None = None
    """The instruction at that time, where it was recorded."""
    episode: str | None = None
    """Frames of one episode are not independent of each other."""

    def __post_init__(self) -> None:
        """Names of files need not be text: no table or JSON could hold them then."""
        for part in ("name", "source", "episode"):
            object.__setattr__(self, part, whole_texts(getattr(self, part)))

    @property
    def pixels(self) -> Frame:
        """As `Observation.pixels`."""
        return self.observation.pixels
