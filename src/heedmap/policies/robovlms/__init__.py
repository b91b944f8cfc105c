"""Kosmos-2 policies in the form of RoboVLMs and MoNaVLA: config, heads, wirings, checkpoints."""
