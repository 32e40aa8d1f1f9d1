"""A witness: remembers of each log how far it had grown, and cosigns only what continues that.

To be run by somebody else than the log's operator, on a machine of their own; it needs Python and
`cryptography` alone. Protocol: C2SP tlog-witness v1.0.0 (https://c2sp.org/tlog-witness). How to run
one: `docs/witness.md`, or `python -m audit.witness --help`.
"""
