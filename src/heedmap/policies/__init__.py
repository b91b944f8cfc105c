"""Adapters: what heedmap needs from a robot policy, one file a family.

Public are `base.Policy`, `callable.CallablePolicy`, `registry.load_policy` and
`checkpoints.permissions.Permissions`.
"""
