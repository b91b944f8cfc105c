"""What every reader of files from outside passes: one gate for each kind of them.

`files` lets regular files of a bounded size in, `documents` JSON and YAML that fit their schema,
`gate` turns whatever a library raises into one sentence of ours.
"""
