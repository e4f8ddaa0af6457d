"""LLM egress gateway: values, pure policy, adapters and the command line. Knows neither mitmproxy nor Presidio."""

__version__ = "0.1.0"
