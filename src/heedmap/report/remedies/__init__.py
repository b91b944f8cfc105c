"""Remedies on the terminal, as files and as a page; needs no torch."""
