"""Many variants of one pass at once: what they share is run once, and only their own rows else."""
