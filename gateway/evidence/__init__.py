"""What is left behind by every exchange: events, the outbox, sinks, metrics."""
