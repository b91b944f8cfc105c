"""The command line: parse, one library call, exit code; `main.main` is the console script.

A command has a file; what it computes lies in the other rooms.
"""
