"""What a camera gives; apart from `types`, so that inputs can be read without torch."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8

Frame = UInt8[np.ndarray, "height width 3"]
"""One camera image, RGB, 0..255."""
