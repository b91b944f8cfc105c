"""Every attention computation of a run, whichever stack it is in: an attention graph."""
