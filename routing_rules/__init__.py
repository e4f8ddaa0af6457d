"""The rule language, the shipped rules and their tests."""
