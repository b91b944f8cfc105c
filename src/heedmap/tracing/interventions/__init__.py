"""Interventions: what changes when a road is cut, held or exchanged."""
