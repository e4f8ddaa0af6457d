"""Opens the files that requests carry: what they are, what they say, and what of them stays unknown."""
