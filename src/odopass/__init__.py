"""odopass: the open odometer registry."""
