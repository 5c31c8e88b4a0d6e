"""Take requests in: store each durably, then answer its GUID. Judging happens later, elsewhere (W7)."""
