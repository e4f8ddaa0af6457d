"""Sans-io filters that put redacted values back into answers, whole or streamed."""
