"""Benchmarks: how fast the registry is beside other ways of doing the same, and how well it judges."""
