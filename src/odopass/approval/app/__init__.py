"""The tester's page: one thing to do at a time, and how the criteria stand."""
