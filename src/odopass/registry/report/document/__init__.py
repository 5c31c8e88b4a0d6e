"""The report as a document: typeset, archivable, readable aloud, signed."""
