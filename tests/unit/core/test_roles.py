import re
from pathlib import Path

from django.conf import settings

from core.roles import (
    LOGIN_ROLES,
    SECRETS_OF_PROCESS,
    SECRETS_OF_ROLE,
    SERVICE_SETTINGS,
    database_variable,
)

KINDS = "text|flag|number|choice|key|base_url|time_zone|mail_server|policy"
READ = re.compile(rf'\benv\.(?:{KINDS})\(\s*"([A-Z_]+)"')


def test_every_setting_that_is_read_reaches_the_processes() -> None:
    """`make serve` hands each process an allow-list: what is not on it would be ignored."""
    read = set(READ.findall((Path(settings.BASE_DIR) / "travelcheck/settings.py").read_text()))
    assert len(read) > 15
    secrets = {
        name
        for given in (SECRETS_OF_ROLE, SECRETS_OF_PROCESS)
        for names in given.values()
        for name in names
    }
    assert read == secrets | set(SERVICE_SETTINGS)


def test_every_setting_is_documented() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text()
    names = {name for names in SECRETS_OF_ROLE.values() for name in names} | set(SERVICE_SETTINGS)
    addresses = {database_variable(role) for role in LOGIN_ROLES}
    assert [name for name in sorted(names | addresses) if name not in page] == []
