"""Writes. `registration`: organisations; `members`: people in them; `keys`: their software."""
