"""The embedded model of names: its data, its training and its files."""
