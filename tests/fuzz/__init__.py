"""Hostile inputs to every reader: valid samples, changed at random from fixed seeds.

`kinds` says what is read and how, `mutate` how a sample is spoilt, `outcome` what counts as a
finding, `run` tries many in processes of their own (`make fuzz`, `make fuzz-nightly`). What was
found stays in `test_found.py`.
"""
