"""The control port: faults, clock and traffic of a sandbox, over plain HTTP on this machine, and a page to watch it."""
