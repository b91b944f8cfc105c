"""Interventions: what changes when a path is cut, kept fixed or exchanged."""
