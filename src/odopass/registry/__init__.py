"""The registry: what a nonprofit or a ministry runs."""
