"""The employees' desk: the pages on which people at the registry decide, look up and administer (R7)."""
