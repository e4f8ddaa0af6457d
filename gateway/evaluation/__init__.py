"""Measures detection against labelled text: pure functions over samples, labels and findings."""
