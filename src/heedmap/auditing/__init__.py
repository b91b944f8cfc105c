"""The audit of one policy: every rung measured, and the verdict.

Public is `api.audit`, which users call as `heedmap.audit`; the room has another name, so that
importing it cannot put a module in the function's place. `lower` measures rungs 1 to 4, `upper`
rungs 5 and 6; `measures` are pure functions over attention and actions, one a file.
"""
