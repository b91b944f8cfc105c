"""The upper rungs: is the instruction used, and is it obeyed? By cutting and exchanging."""
