"""What an audit leaves behind: a result folder, written whole, checked, and read back.

Public are `record.Record`, `result.Result`, `layout.Layout` and the schemas of `tables`.
Needs no torch.
"""
