"""Backups of the registry's database: whole copies, the log of changes since, and dumps (R14)."""
