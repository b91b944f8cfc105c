"""Closed loop: a policy drives in a simulator under right, wrong, reworded and blank instructions.

`environment` says what is driven in, `driver` how the policy is asked, `run` drives all episodes,
`steer` exchanges the instruction on the way, `folder` keeps what came of it.
"""
