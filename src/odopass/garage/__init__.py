"""What a workshop runs: the client, the book of its readings, the application around them."""
