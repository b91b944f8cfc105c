"""Reading a policy while it runs: the action rows' attention, and what enters layer 0."""
