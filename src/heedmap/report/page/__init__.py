"""One self-contained HTML page from a result, in two languages."""
