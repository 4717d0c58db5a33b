"""The floor: the writes of a transition by hand, in one commit. No engine, no rule, no check: the limit."""

import hashlib
import json
import os
import uuid

from pace import Pace, options, payload, race  # type: ignore[import-not-found]
from plain import Plain  # type: ignore[import-not-found]

TABLES = (
    "CREATE TABLE cases (id TEXT PRIMARY KEY, state TEXT NOT NULL, seq INTEGER NOT NULL, "
    "engine BYTES NOT NULL)",
    "CREATE TABLE task (case_id TEXT NOT NULL, id INTEGER NOT NULL, node TEXT NOT NULL, role TEXT NOT NULL, "
    "org TEXT NOT NULL, opened_at TEXT NOT NULL, due_at TEXT, done_at TEXT, done_by INTEGER, "
    "PRIMARY KEY (case_id, id))",
    "CREATE INDEX task_worklist ON task (org, role, due_at, case_id, id) WHERE done_at IS NULL",
    "CREATE TABLE clock (id NUMBER PRIMARY KEY, case_id TEXT NOT NULL, limit_id TEXT NOT NULL, "
    "started_at TEXT NOT NULL, due_at TEXT NOT NULL, stopped_at TEXT)",
    "CREATE INDEX clock_case ON clock (case_id)",
    "CREATE TABLE entry (chain TEXT NOT NULL, seq INTEGER NOT NULL, leaf BYTES NOT NULL, "
    "prev BYTES NOT NULL, bytes BYTES NOT NULL, PRIMARY KEY (chain, seq))",
    "CREATE TABLE vault (chain TEXT NOT NULL, seq INTEGER NOT NULL, sealed BYTES NOT NULL, "
    "PRIMARY KEY (chain, seq))",
    "CREATE TABLE request (principal TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, "
    "response TEXT NOT NULL, PRIMARY KEY (principal, key))",
)
ENTRY = "INSERT INTO entry (chain, seq, leaf, prev, bytes) VALUES (?, ?, ?, ?, ?)"
DONE = "UPDATE task SET done_at = ?, done_by = ? WHERE case_id = ? AND id = ?"
CASE = "SELECT seq, engine FROM cases WHERE id = ?"
NODES = ("village", "township", "county")
ROLES = ("VLIA", "TREV", "CAPR")
STATE = os.urandom(450).hex().encode()  # as long as a state of ours
AT, DUE = "2026-03-10T01:00:00.000000Z", "2026-03-24T16:00:00.000000Z"


def entry(db: Plain, chain: str, seq: int, prev: bytes, node: str) -> None:
    body = json.dumps(
        {
            "chain": chain,
            "seq": seq,
            "prev": prev.hex(),
            "type": "task_completed",
            "node": node,
            "actor": {"id": 1, "role": "VLIA", "org": "360829100"},
            "at_claimed": AT,
            "at_recorded": AT,
            "vars": {"answers": {"result": "agree"}},
            "rule": "0" * 64,
            "commits": {"note": "0" * 64},
            "command": {"name": "complete", "task": seq, "state": "0" * 64},
            "kernel": "1",
        },
        sort_keys=True,
    ).encode()
    leaf = hashlib.sha256(b"\x00" + body).digest()
    db.run(ENTRY, chain, seq, leaf, prev, body)


def answered(db: Plain, key: str, chain: str, seq: int) -> None:
    response = json.dumps({"case_id": chain, "seq": seq})
    db.run("INSERT INTO request VALUES (?, ?, ?, ?)", "seat-1", key, "0" * 64, response)


def place(db: Plain, chain: str, step: int) -> None:
    db.run(
        "INSERT INTO task (case_id, id, node, role, org, opened_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        chain,
        step + 1,
        NODES[step],
        ROLES[step],
        "360829100001",
        AT,
        DUE,
    )
    db.run(
        "INSERT INTO clock (case_id, limit_id, started_at, due_at) VALUES (?, ?, ?, ?)", chain, "D03", AT, DUE
    )


def start(db: Plain, chain: str, data: bytes) -> None:
    key = uuid.uuid4().hex
    with db.transaction():
        db.one("SELECT response FROM request WHERE principal = ? AND key = ?", "seat-1", key)
        db.run("INSERT INTO cases VALUES (?, ?, ?, ?)", chain, "NEW", 0, STATE)
        place(db, chain, 0)
        db.run("INSERT INTO vault VALUES (?, ?, ?)", chain, 0, data)
        entry(db, chain, 0, bytes(32), "start")
        answered(db, key, chain, 0)


def complete(db: Plain, chain: str, step: int) -> None:
    key, locking = uuid.uuid4().hex, " FOR UPDATE" if db.postgresql else ""
    with db.transaction():
        seq = db.one(CASE + locking, chain)[0]
        db.one("SELECT response FROM request WHERE principal = ? AND key = ?", "seat-1", key)
        db.one("SELECT node, done_at FROM task WHERE case_id = ? AND id = ?", chain, step + 1)
        prev = bytes(db.one("SELECT leaf FROM entry WHERE chain = ? AND seq = ?", chain, seq)[0])
        db.run(
            "UPDATE cases SET state = ?, seq = ?, engine = ? WHERE id = ? AND seq = ?",
            NODES[step],
            seq + 1,
            STATE,
            chain,
            seq,
        )
        db.run(
            "UPDATE task SET done_at = ?, done_by = ? WHERE case_id = ? AND id = ?", AT, 1, chain, step + 1
        )
        db.run("UPDATE clock SET stopped_at = ? WHERE case_id = ? AND stopped_at IS NULL", AT, chain)
        if step + 1 < len(NODES):
            place(db, chain, step + 1)
        db.run("INSERT INTO vault VALUES (?, ?, ?)", chain, seq + 1, b"x" * 200)
        entry(db, chain, seq + 1, prev, NODES[step])
        answered(db, key, chain, seq + 1)


def main() -> None:
    told = options()
    db = Plain(told.database)
    if told.prepare:
        db.script(*TABLES)
        return

    def one(pace: Pace, number: int) -> None:
        chain, data = uuid.uuid4().hex, payload(number).encode()
        with pace:
            start(db, chain, data)
        for step in range(len(NODES)):
            with pace:
                complete(db, chain, step)

    race(told.cases, told.warm, one, told.worker)


main()
