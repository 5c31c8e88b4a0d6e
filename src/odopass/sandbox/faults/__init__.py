"""Misbehaviour by rule: what a registry or the network before it does wrong, on demand or by chance; never to data."""
