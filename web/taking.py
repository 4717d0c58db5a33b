"""What leaves the house as a file."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from flask import Response

from audit import READS
from web.here import current_actor, house, now, request_id
from web.sheets import TYPE, Table, workbook
from workflow.cases.refusing import log_system
from workflow.store import transaction


def taken_away(what: str, count: int, tables: Iterable[Table], name: str) -> Response:
    """A list as a spreadsheet, after who took it away and how much stands in the log of reads."""
    content = workbook(tables)
    facts: dict[str, object] = {"what": what, "count": count}
    with transaction(house().engine) as writing:
        log_system(house(), writing, current_actor(), "file_exported", facts, now(), request_id(), log=READS)
    response = Response(content, content_type=TYPE)
    response.headers["Content-Disposition"] = f"attachment; filename={name}.xlsx"
    return response


@contextmanager
def filled() -> Iterator[BinaryIO]:
    """A temporary file, to be filled and then answered with: it is closed when it has been sent, or here
    when filling it fails.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    try:
        yield cast("BinaryIO", file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
