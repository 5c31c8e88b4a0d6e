"""Times in which the registry takes no requests, by calendar and by hand (W20)."""
