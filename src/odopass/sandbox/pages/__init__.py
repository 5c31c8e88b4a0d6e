"""The sandbox's own pages for people: the traffic as it happens, and what the test vehicles show."""
