"""What the tests do not do over and over again, though every one of them has a database of its own."""

import gc
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from _pytest.assertion import rewrite
from argon2 import PasswordHasher, Type
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, event
from werkzeug.routing import Rule

import bpmn
from workflow.register import accounts

_LEARNT: dict[str, Engine] = {}


def share_compiled_statements() -> None:
    """Engines of one kind of database write the same statements: each is compiled once per process.

    Compiling them costs more than running them in a test that drives a case once. An engine that has
    connected hands what it has learnt to those that are made after it, which then need not ask the server
    who it is.
    """
    module: Any = import_module("workflow.store.connect")
    plain: Callable[..., Engine] = module.create_engine

    def create_engine(*where: Any, **options: Any) -> Engine:
        engine = plain(*where, **options)
        known = _LEARNT.get(engine.dialect.name)
        if known is None:
            event.listen(engine, "engine_connect", lambda conn: _LEARNT.setdefault(conn.dialect.name, engine))
        else:
            engine.dialect.initialize = lambda conn: None
            engine.dialect = engine.pool._dialect = known.dialect
            engine._compiled_cache = known._compiled_cache
        return engine

    module.create_engine = create_engine


def share_rewritten_asserts(config: pytest.Config) -> None:
    """Of several processes that begin a run together each rewrites the asserts of its part of the files, and
    then finds the others' parts rewritten.

    To rewrite all of them takes each process six seconds. pytest keeps the result beside the other
    compiled files, so after a run there is nothing left to do.
    """
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is None or sys.dont_write_bytecode:
        return
    mine = int(worker["workerid"].removeprefix("gw"))
    for path in sorted(Path(__file__).parent.rglob("test_*.py"))[mine :: worker["workercount"]]:
        folder = rewrite.get_cache_dir(path)
        kept = folder / f"{path.stem}{rewrite.PYC_TAIL}"
        if rewrite.try_makedirs(folder) and rewrite._read_pyc(path, kept) is None:
            digest, code = rewrite._rewrite_test(path, config)
            rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, digest, kept)


class _Compiled(BytecodeCache):
    """Templates, compiled once per process. The two languages have extensions of their own."""

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], Any] = {}

    def get_bucket(self, environment: Any, name: str, filename: str | None, source: str) -> Bucket:
        return super().get_bucket(environment, name, f"{filename} {sorted(environment.extensions)}", source)

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key, bucket.checksum] = bucket.code


def share_compiled_pages() -> None:
    """Every application of a test has the same templates and addresses: each is compiled once per process."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Compiled()}
    known: dict[tuple[Any, ...], Any] = {}
    compiled: Any = Rule._compile_builder

    def builder(rule: Any, append_unknown: bool = True) -> Any:
        key = (append_unknown, *rule._trace, *sorted((rule.defaults or {}).items()))
        if key not in known:
            known[key] = compiled(rule, append_unknown)
        return known[key]

    Rule._compile_builder = builder  # type: ignore[method-assign]


def share_the_rule_book() -> None:
    """The rule book that came with the program is read once per process. Nobody changes it: it is frozen."""
    plain = bpmn.load
    packaged = cache(plain)
    bpmn.load = lambda *root: plain(*root) if root else packaged()


def set_aside_what_stays() -> None:
    """The collector of garbage need not look through rule books, modules and tests again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def keep_passwords_cheaply() -> None:
    """To sign in takes no tenth of a second. For when every file is read: `test_keeping_accounts` has then
    made the hash that it looks at with what the product uses.
    """
    accounts._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, type=Type.ID)
