"""Sweeps: planned, run, stopped, gone on with, added up."""
