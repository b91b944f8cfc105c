"""LeRobot's own policies, in their own inference path: `lerobot:PATH`."""

from heedmap.policies.lerobot.checkpoint import load

__all__ = ["load"]
