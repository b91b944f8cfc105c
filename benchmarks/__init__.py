"""Measurements of time and memory; each prints a table. See docs/benchmarks.md."""
