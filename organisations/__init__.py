"""Organisations that may ask: who they are, who belongs to them, their keys."""
