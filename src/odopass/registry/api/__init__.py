"""The operations of the wire, one module each: nothing but translation."""
