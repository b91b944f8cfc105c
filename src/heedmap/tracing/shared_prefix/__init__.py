"""Runs the shared prefix of many passes once; recomputes only the rows that differ."""
