"""Bring a database to the newest layout, from any earlier one."""

from pathlib import Path
from typing import TYPE_CHECKING

from workflow.store.connect import connect

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent


def config(url: str) -> "Config":
    """Alembic's settings; the address is handed over by attribute, never written to a file."""
    from alembic.config import Config  # late, here and below: most processes open what is migrated

    settings = Config()
    settings.set_main_option("script_location", str(HERE))
    settings.attributes["url"] = url
    return settings


def upgrade(url: str) -> bool:
    """Migrate to the newest revision; False when nothing was to do."""
    from alembic import command
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory.from_config(config(url)).get_current_head()
    engine = connect(url)
    try:
        with engine.connect() as connection:
            at = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    if at == newest:
        return False
    command.upgrade(config(url), "head")
    return True
