"""The lower rungs, measured: find the transformer, exchange pixels and words, see what moves."""
