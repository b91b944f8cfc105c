"""What a policy sees at one moment: the images of its cameras, and its own state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from heedmap.types import Frame

ONLY_CAMERA = "image"
"""The camera's name where there is but one."""


@dataclass(frozen=True)
class Observation:
    """Camera images by name, and the state vector where the policy takes one."""

    images: Mapping[str, Frame]
    state: Float[np.ndarray, " state"] | None = None

    @property
    def frame(self) -> Frame:
        """The first camera's image."""
        return next(iter(self.images.values()))

    def with_image(self, camera: str, frame: Frame) -> Observation:
        """The same moment with one camera's image exchanged."""
        return replace(self, images={**self.images, camera: frame})


def of_frame(frame: Frame) -> Observation:
    """The observation of a policy with one camera and no state."""
    return Observation({ONLY_CAMERA: frame})
