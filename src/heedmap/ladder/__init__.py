"""From measurements to a verdict: which rung fails first, why, and what to do."""
