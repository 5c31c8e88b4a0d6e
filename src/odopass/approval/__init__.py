"""The approval run: plays scenarios with a DMS, watches its traffic, and judges each criterion of good practice."""
