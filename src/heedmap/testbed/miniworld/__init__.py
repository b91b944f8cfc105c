"""Rooms in 3-D, seen by the robot's camera: the room, its expert, and specimens trained in it."""
