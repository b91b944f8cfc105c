"""The attention of any run, over all of its stacks, caches and loops."""
