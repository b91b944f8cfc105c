"""The exam: which changes of the instruction change the action as they should, kind by kind.

`variants` and `pairings` make the questions, `sheet` gathers them, `answers` puts them to a policy,
`readings` and `verdict` say what the answers show.
"""
