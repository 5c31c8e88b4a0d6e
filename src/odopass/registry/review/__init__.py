"""What employees decide: the queue of cases that need a person, decisions, corrections of the history (R7)."""
