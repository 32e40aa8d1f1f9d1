from tests.integration.consent.conftest import world

__all__ = ["world"]
