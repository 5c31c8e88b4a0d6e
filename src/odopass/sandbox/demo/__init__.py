"""The demo: a sandbox, a few garages, real observations over TLS, told as a story."""
