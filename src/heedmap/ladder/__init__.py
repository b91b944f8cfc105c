"""From measurements to a verdict: which rung fails first, why, and what to do.

`evidence` and `verdict` are the types, `judge` decides, `wording` says it in English or Korean.
Needs no torch and no policy.
"""
