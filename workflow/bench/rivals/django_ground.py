"""Django set up from nothing for the peers: SQLite with WAL, full flushes and write transactions at once."""

# mypy: ignore-errors

import sys
from pathlib import Path

import django
from django.conf import settings


def ready(database: str, apps: list[str]) -> None:
    """Configure Django for one throw-away database file."""
    sys.path.insert(0, str(Path(__file__).parent))
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *apps],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": database,
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "timeout": 60,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
                },
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
