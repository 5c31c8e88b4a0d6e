"""What went over the wire: each exchange, kept for whoever looks at it or judges a client by it."""
