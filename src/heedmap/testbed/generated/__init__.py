"""Generated policies whose truth is known: a judge for every verdict of the ladder."""
