"""Figures of a result: one kind a file, drawn without a browser, shown without a script."""
