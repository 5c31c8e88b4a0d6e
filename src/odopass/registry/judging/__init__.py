"""Turn ONGOING into an outcome: claim vehicles with waiting requests, judge them, settle all in one transaction."""
