"""Adapters: what heedmap needs from a robot policy, one final class a family."""
