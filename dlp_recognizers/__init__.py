"""The Presidio and spaCy skin: recognizers, the scan engine, its worker processes."""
