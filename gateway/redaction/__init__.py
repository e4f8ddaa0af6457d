"""Takes values out of a request and says what it takes to put them back: pure, deterministic byte for byte."""

from gateway.redaction.files import by_path
from gateway.redaction.placeholders import placeholder, scope_key
from gateway.redaction.residual import verify
from gateway.redaction.rewrite import redact, rewrites

__all__ = ["by_path", "placeholder", "redact", "rewrites", "scope_key", "verify"]
