"""Which vehicles there are, and which one a garage means."""
