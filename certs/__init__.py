"""Makes a throw-away PKI for the demo and the tests. No key is ever committed."""
