"""SmolLM2-135M's trained weights as a policy that drives in the 3-D room, and its specimens."""
