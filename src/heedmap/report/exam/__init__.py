"""An exam shown: sentences, the terminal's table, files and the page; needs no torch."""
