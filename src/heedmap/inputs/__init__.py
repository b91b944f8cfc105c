"""What is put to a policy: frames, instructions, cases on disk, trials, data sets."""
