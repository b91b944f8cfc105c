"""Tests on LeRobot's real classes, in an environment of their own: `make test-lerobot`."""
