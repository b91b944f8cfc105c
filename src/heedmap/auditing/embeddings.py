"""A policy's own image embeddings, pooled: what enters its transformer at the image's positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from heedmap.auditing.lower.discovery import find_transformer
from heedmap.auditing.lower.perturb import Subject, measure_movement
from heedmap.data.observation import of_frame
from heedmap.data.pixels import Frame
from heedmap.errors import FrameError
from heedmap.policies.base import Policy
from heedmap.tracing.capture.inputs import capture_entering
from heedmap.tracing.observe import observe


def pooled_embeddings(
    policy: Policy, instruction: str, seed: int = 0
) -> Callable[[Sequence[Frame]], np.ndarray]:
    """Mean and maximum over the image's positions, one row a frame.

    The positions are found on the first frame by changing its pixels; `instruction` is given
    with every frame and is the same for all. Raises FrameError where no position moves with
    the frame, and HeedmapErrors as an audit does.
    """

    def embed(frames: Sequence[Frame]) -> np.ndarray:
        first = of_frame(frames[0])
        transformer = find_transformer(policy, first, instruction, seed)
        base = observe(policy, transformer.pattern, first, instruction)
        movement = measure_movement(Subject(policy, first, instruction, base), [], seed)
        if not movement.by_frame:
            raise FrameError(
                "No position entering the transformer of '{policy}' moves with the frame, so it "
                "has no image embeddings; leave --policy out to probe the pixels.",
                policy=policy.name,
            )
        rows: list[np.ndarray] = []
        for frame in frames:
            with capture_entering(policy.module, base.stack) as entering:
                policy([of_frame(frame)], [instruction])
            image = entering.only()[0, list(movement.by_frame)].double().cpu().numpy()
            rows.append(np.concatenate([image.mean(axis=0), image.max(axis=0)]))
        return np.stack(rows)

    return embed
