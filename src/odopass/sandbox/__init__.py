"""The sandbox: the registry as a test environment on one's own PC, with known garages and vehicles."""
