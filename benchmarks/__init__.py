"""Programs that measure the gateway, and the peers they measure it against. `make bench` runs them all."""
