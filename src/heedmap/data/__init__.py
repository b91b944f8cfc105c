"""What is put to a policy: frames, episodes, instructions, counterfactuals, trials.

Start at `sources` (frames by their names), `cases` (folders of frames with instructions),
`observation.Observation` and `trials.Trial`. Needs no torch.
"""
