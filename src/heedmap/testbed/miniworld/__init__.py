"""Rooms in 3-D, seen by the robot's camera: the room and its expert."""
