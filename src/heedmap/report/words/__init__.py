"""The static audit of instructions: what training said, what an evaluation says, what it asks.

No model runs and no torch is imported. `sources` reads, `findings` names what is wrong, `page`
and `terminal` show it.
"""
