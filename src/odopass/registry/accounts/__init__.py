"""Garages' accounts: who may report, with which password, and how that is checked at thousands of requests a second."""
