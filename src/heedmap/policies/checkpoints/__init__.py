"""Checkpoints are untrusted: read without running code, checked before they are used."""
