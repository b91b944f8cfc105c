"""From a result to what people look at: terminal tables, figures, and one HTML page.

Nothing here runs a model, and nothing here needs torch.
"""
