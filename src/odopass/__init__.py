"""odopass: the open odometer registry."""

from importlib.metadata import version

__version__ = version("odopass")
