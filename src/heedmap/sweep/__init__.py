"""Many policies on many frames under many instructions: planned, resumable, in one run folder.

`planning.make_plan` plans, `engine.run_sweep` runs, `store.RunFolder` keeps, `result` and
`summary` read; reading needs no torch.
"""
