"""From a result to what people look at: terminal tables, figures, and one HTML page.

`forensics` reads tables that others published, and `words` the instructions of data sets and
benchmarks. Nothing here runs a model, or needs torch.
"""
