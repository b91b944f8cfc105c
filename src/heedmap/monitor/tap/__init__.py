"""A tap on the wire: which words really reach a policy server, and what it answers.

`forward` passes the traffic on, in a process of its own; `run` reads a copy of it, which `store`
keeps and `watch` checks. What is seen can be dropped, what passes never is.
"""
