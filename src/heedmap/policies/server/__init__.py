"""Policies behind servers, one file a protocol: black boxes that are asked and not looked into."""

from heedmap.policies.server.options import ServerOptions
from heedmap.policies.server.policy import ServerPolicy, load

__all__ = ["ServerOptions", "ServerPolicy", "load"]
