"""Policies of one or several results side by side: ladder, curves, differences."""
