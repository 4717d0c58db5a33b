"""The database: typed models, connections, migrations."""

from workflow.store.connect import connect, transaction

__all__ = ["connect", "transaction"]
