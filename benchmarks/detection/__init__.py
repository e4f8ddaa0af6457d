"""How well things are found, and how fast: what `make eval` and the scan tables of `make bench` run."""
