"""What reaches a policy from outside: the instructions, before any model reads them.

`words` audits the instructions of data sets and benchmarks without a model.
"""
