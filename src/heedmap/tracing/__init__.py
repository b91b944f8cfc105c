"""A policy's network while it runs: what it computes, and what changes under interventions.

`capture` reads attention and hidden states, `observe` one pass of a policy, `shared_prefix` runs
many variants of a pass at once, `interventions` cut, replace or patch. Public are
`capture.attention.capture_attention` and `shared_prefix.attend.attend`.
"""
