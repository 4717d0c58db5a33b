"""A process that dies at any statement, and what the database holds then."""

from sqlalchemy import select
from sqlalchemy.pool import base as pool

from audit.driver import Statement
from audit.tables import METADATA as LOG
from workflow.store.models import Base
from workflow.store.prepared import Prepared


class Crash(BaseException):
    """The process is gone: no handler, no retry."""


UNTOUCHED = {"rule_file", "rulebook", "calendar_day", "calendar_year", "organisation", "representative"}


def everything(county):
    """All rows of all tables that a command could write to."""
    with county.house.reader.connect() as conn:
        return {
            name: sorted(map(repr, conn.execute(select(table))))
            for metadata in (Base.metadata, LOG)
            for name, table in metadata.tables.items()
            if name not in UNTOUCHED
        }


class Counting:
    """Counts statements on each of the ways to the driver, and crashes before number `at`."""

    def __init__(self, monkeypatch, at=None):
        self.seen, self.at, self.armed = 0, at, False
        for owner, name in ((pool._ConnectionFairy, "cursor"), (Prepared, "_run"), (Statement, "_run")):
            monkeypatch.setattr(owner, name, self.before(getattr(owner, name)))

    def before(self, real):
        def counted(*args, **rest):
            if self.armed:
                self.seen += 1
                if self.seen == self.at:
                    raise Crash()
            return real(*args, **rest)

        return counted

    def __enter__(self):
        self.seen, self.armed = 0, True
        return self

    def __exit__(self, *error):
        self.armed = False
