"""Measures over captured attention, one a file."""
