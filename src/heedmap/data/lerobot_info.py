"""What `meta/info.json` of a LeRobotDataset folder says: versions, columns, where files lie."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter

from heedmap.data.gates.documents import read_json
from heedmap.errors import FrameError
from heedmap.frozen import Frozen
from heedmap.phrase import Phrase

INFO = "meta/info.json"
STATES = ("observation.state", "state")
"""Names of the robot's state, the first one LeRobot's own."""
OTHER_STATE = "observation.environment_state"
MOST_EPISODES = 10**9


class Feature(Frozen, extra="ignore"):
    """What a column holds."""

    dtype: str
    info: dict[str, Any] | None = None
    video_info: dict[str, Any] | None = None
    """The older name of `info`."""

    @property
    def is_camera(self) -> bool:
        """Whether it holds images, of colour or of depth."""
        return self.dtype in ("video", "image")

    @property
    def is_declared_depth(self) -> bool:
        """Whether a camera is said to record depth."""
        told = {**(self.video_info or {}), **(self.info or {})}
        declared = told.get("is_depth_map") or told.get("video.is_depth_map")
        return bool(declared) or re.match(r"gray\d", str(told.get("video.pix_fmt"))) is not None


class Info(Frozen, extra="ignore"):
    """What is read of `meta/info.json`."""

    codebase_version: str
    total_episodes: int = Field(ge=0, le=MOST_EPISODES)
    data_path: str
    video_path: str | None = None
    chunks_size: int = Field(default=1000, ge=1)
    features: dict[str, Feature]

    @property
    def is_version_3(self) -> bool:
        """Whether many episodes share a file."""
        return self.codebase_version.lstrip("v").startswith("3")

    @property
    def state_key(self) -> str | None:
        """Which feature is the robot's state: one of `STATES`, or the only observed numbers."""
        for name in STATES:
            if name in self.features:
                return name
        observed = [
            name
            for name, feature in self.features.items()
            if name.startswith("observation.") and feature.dtype.startswith("float")
        ]
        return observed[0] if len(observed) == 1 and observed[0] != OTHER_STATE else None


_INFO = TypeAdapter(Info)


def load_info(folder: Path) -> Info:
    """`meta/info.json` of a data set. Raises FrameError where it cannot be read."""
    path = folder / INFO
    info = read_json(
        path, _INFO, Phrase("description"), Phrase("that of a LeRobot data set"), FrameError
    )
    if info.codebase_version.lstrip("v").split(".")[0] not in ("2", "3"):
        raise FrameError(
            "The data set {folder} is of LeRobot version {version}; versions 2 and 3 can "
            "be read. Convert it with LeRobot.",
            folder=folder,
            version=info.codebase_version,
        )
    return info
