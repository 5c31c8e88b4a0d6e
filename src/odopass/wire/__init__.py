"""The wire format both sides speak: bodies, dates, numbers, errors, headers. No I/O and no state."""
