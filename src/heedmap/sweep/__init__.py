"""Many policies on many frames under many instructions: planned, resumable, in one run folder."""
