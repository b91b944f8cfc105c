"""The trail: where two runs of a policy differ, operator by operator and module by module."""
