"""Measures over captured attention and actions, one a file, each a pure function.

Public in each is the function that its file is named after; its docstring gives the scale,
and what the degenerate cases mean.
"""
