"""The offline verifier: `python -m audit.verify`. Needs the standard library and `cryptography`."""
