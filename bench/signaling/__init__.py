"""The signaling engine: from event files to stays, and into the database."""

from bench.signaling.suite import measure

__all__ = ["measure"]
