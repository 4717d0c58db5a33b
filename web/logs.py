"""One line per request, as JSON, without anything that names a person: no address parameters, no bodies."""

import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

from web.here import request_id

log: Any = structlog.get_logger("mingjian.web")


def _where_it_broke(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Kinds of errors and places in the code; never their words or values, which may name a person."""
    error = event.pop("exc_info", None)
    chain = []
    while isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
        chain.append({"error": type(error).__qualname__, "at": places})
        error = error.__cause__ or error.__context__
    if chain:
        event["errors"] = chain
    return event


def configure(*, stream: Any = sys.stderr, level: int = logging.INFO) -> None:
    """JSON lines with UTC times; called once by `serve` and `worker`."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_it_broke,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )


def _start() -> None:
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=request_id())


def _finish(response: Response) -> Response:
    person = g.get("_login_user")  # only if it was read already: a broken database must not break this
    seat = getattr(person, "seat", None)
    log.info(
        "request",
        method=request.method,
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        account=getattr(person, "account_id", None),
        seat=seat.id if seat is not None else None,
    )
    return response


def install(app: Flask) -> None:
    app.before_request(_start)
    app.after_request(_finish)
