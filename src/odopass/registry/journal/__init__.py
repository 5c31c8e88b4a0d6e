"""The journal: everything that changed data, appended, sealed and provable (R9)."""
