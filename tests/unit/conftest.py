"""Hypothesis for a machine that does other work too: how long an example takes says nothing there."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
