"""The mitmproxy skin: one addon for each step of the chain, the parking and the barrier."""
