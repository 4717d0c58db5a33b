"""The guards on SQLite, by name. REPLACE deletes without firing a delete trigger: hence the look before each
insert. Whoever may write the file can drop all of them; only a witness outside notices that.
"""

_SAME = {
    "audit_vault": "FROM audit_vault WHERE chain = NEW.chain AND seq = NEW.seq",
    "audit_key": "FROM audit_key WHERE chain = NEW.chain",
    "audit_tree": "FROM audit_tree WHERE tree = NEW.tree OR origin = NEW.origin",
    "audit_erasure": "FROM audit_erasure WHERE chain = NEW.chain AND seq = NEW.seq",
    "audit_signer": "FROM audit_signer WHERE log = NEW.log AND key_id = NEW.key_id AND event = NEW.event",
}
_KEPT = ("audit_entry", "audit_head", "audit_index", "audit_tree", "audit_signer", "audit_erasure")


def triggers() -> dict[str, str]:
    """Every trigger's statement by its name."""
    entry = "FROM audit_entry WHERE chain = NEW.chain AND seq = NEW.seq"
    head = "FROM audit_head WHERE chain = NEW.chain"
    index = "FROM audit_index WHERE tree = NEW.tree"
    statements = [
        _refuse(
            "audit_entry",
            "insert",
            ("the entry does not follow the head", "NEW.seq IS NOT coalesce(h.seq + 1, 0)"),
            ("prev is not the head", "NEW.prev IS NOT coalesce(h.leaf, zeroblob(32))"),
            ("the entry is already there", f"EXISTS (SELECT 1 {entry})"),
            (
                "recorded_at is set by the database",
                # The clock stands still inside one statement, so the default is exactly this.
                "NEW.recorded_at IS NOT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
            ),
            (
                "the key that signed is revoked",
                "EXISTS (SELECT 1 FROM audit_signer WHERE log = NEW.log AND event = 'revoked' "
                "AND key_id = substr(NEW.signature, 1, 4))",
            ),
            beside=" FROM (SELECT 1) LEFT JOIN audit_head h ON h.chain = NEW.chain",
        ),
        # three, so that none does what its `when` can tell is not to be done
        "CREATE TRIGGER audit_entry_makes_head AFTER INSERT ON audit_entry WHEN NEW.seq = 0 BEGIN "
        "INSERT INTO audit_head (chain, seq, leaf) VALUES (NEW.chain, 0, NEW.leaf); END",
        "CREATE TRIGGER audit_entry_moves_head AFTER INSERT ON audit_entry WHEN NEW.seq > 0 BEGIN "
        "UPDATE audit_head SET seq = NEW.seq, leaf = NEW.leaf WHERE chain = NEW.chain; END",
        "CREATE TRIGGER audit_entry_is_pending AFTER INSERT ON audit_entry BEGIN "
        "INSERT INTO audit_pending (log, chain, seq) VALUES (NEW.log, NEW.chain, NEW.seq); END",
        _refuse(
            "audit_head",
            "insert",
            ("the chain already has a head", f"EXISTS (SELECT 1 {head})"),
            ("a head needs its entry", f"NEW.seq <> 0 OR NEW.leaf IS NOT (SELECT leaf {entry})"),
        ),
        _refuse(
            "audit_head",
            "update",
            (
                "a head moves one forward, with its entry",
                "NEW.chain IS NOT OLD.chain OR NEW.seq IS NOT OLD.seq + 1 "
                f"OR NEW.leaf IS NOT (SELECT leaf {entry})",
            ),
        ),
        _refuse(
            "audit_index",
            "insert",
            ("the index grows by one", f"NEW.idx IS NOT coalesce((SELECT max(idx) + 1 {index}), 0)"),
            ("the entry has its place", f"EXISTS (SELECT 1 {index} AND chain = NEW.chain AND seq = NEW.seq)"),
            ("the leaf is another one", f"NEW.leaf IS NOT (SELECT leaf {entry})"),
        ),
        *(
            _refuse(table, "insert", ("the row is already there", f"EXISTS (SELECT 1 {same})"))
            for table, same in _SAME.items()
        ),
        *(
            _refuse(table, "update", (f"{table} is never changed", "1"))
            for table in dict.fromkeys((*_KEPT, *_SAME))
            if table != "audit_head"
        ),
        *(_refuse(table, "delete", (f"{table} is never shortened", "1")) for table in _KEPT),
    ]
    return {statement.split()[2]: statement for statement in statements}


def _refuse(table: str, event: str, *cases: tuple[str, str], beside: str = "") -> str:
    """The first of the cases that holds; `beside`: rows they look at together."""
    whens = " ".join(f"WHEN {when} THEN RAISE(ABORT, 'audit: {why}')" for why, when in cases)
    body = f"SELECT CASE {whens} END{beside};"
    return f"CREATE TRIGGER {table}_{event} BEFORE {event.upper()} ON {table} BEGIN {body} END"
