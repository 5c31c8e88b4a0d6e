"""Run a registry: one process or many, with TLS or behind something that ends it."""
