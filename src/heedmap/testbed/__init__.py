"""Policies whose truth is known, and how well the ladder names it.

`specimens` are tiny trained policies and the faults that are planted into them, `scoreboard`
judges the ladder on them, and `demo` audits the ones that are shipped.
"""
