"""The workshop's application: pages in the browser of the garage's own computer (G1)."""
