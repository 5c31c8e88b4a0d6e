"""The garage's own book: every reading that was entered, what was done with it, and what the registry said (G3)."""
