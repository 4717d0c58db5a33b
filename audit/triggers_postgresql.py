"""The guards on PostgreSQL: functions, and triggers that are enabled ALWAYS, so that
`session_replication_role = replica` does not switch them off.
"""

FUNCTIONS = {
    "audit_refuse": """
BEGIN
    RAISE EXCEPTION 'audit: % refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
""",
    "audit_entry_follows": """
DECLARE
    newest audit_head%ROWTYPE;
BEGIN
    SELECT * INTO newest FROM audit_head WHERE chain = NEW.chain;
    IF NEW.seq IS DISTINCT FROM coalesce(newest.seq + 1, 0) THEN
        RAISE EXCEPTION 'audit: the entry does not follow the head' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.prev IS DISTINCT FROM coalesce(newest.leaf, decode(repeat('00', 32), 'hex')) THEN
        RAISE EXCEPTION 'audit: prev is not the head' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.leaf IS DISTINCT FROM sha256('\\x00'::bytea || NEW.bytes) THEN
        RAISE EXCEPTION 'audit: leaf is not the hash of the bytes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM audit_signer WHERE log = NEW.log AND event = 'revoked'
               AND key_id = substr(NEW.signature, 1, 4)) THEN
        RAISE EXCEPTION 'audit: the key that signed is revoked' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
""",
    "audit_entry_moves_head": """
BEGIN
    IF NEW.seq = 0 THEN
        INSERT INTO audit_head (chain, seq, leaf) VALUES (NEW.chain, 0, NEW.leaf);
    ELSE
        UPDATE audit_head SET seq = NEW.seq, leaf = NEW.leaf WHERE chain = NEW.chain;
    END IF;
    INSERT INTO audit_pending (log, chain, seq) VALUES (NEW.log, NEW.chain, NEW.seq);
    RETURN NULL;
END
""",
    "audit_head_follows": """
BEGIN
    IF TG_OP = 'INSERT' AND NEW.seq <> 0
       OR TG_OP = 'UPDATE' AND (NEW.chain, NEW.seq) IS DISTINCT FROM (OLD.chain, OLD.seq + 1)
       OR NOT EXISTS (SELECT 1 FROM audit_entry WHERE chain = NEW.chain AND seq = NEW.seq AND leaf = NEW.leaf)
    THEN
        RAISE EXCEPTION 'audit: a head moves one forward, with its entry'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
""",
    "audit_index_follows": """
BEGIN
    IF NEW.idx IS DISTINCT FROM coalesce((SELECT max(idx) + 1 FROM audit_index WHERE tree = NEW.tree), 0) THEN
        RAISE EXCEPTION 'audit: the index grows by one' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM audit_entry WHERE chain = NEW.chain AND seq = NEW.seq AND leaf = NEW.leaf)
    THEN
        RAISE EXCEPTION 'audit: the leaf is another one' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
""",
}
_DEFINER = {"audit_entry_moves_head"}  # heads and pending rows are written by it alone, whoever inserts

_KEPT = ("audit_entry", "audit_index", "audit_tree", "audit_signer", "audit_erasure")
FROZEN = (
    "audit_entry",
    "audit_head",
    "audit_vault",
    "audit_key",
    "audit_index",
    "audit_tree",
    "audit_signer",
    "audit_erasure",
)

# name, table, when, function
TRIGGERS = (
    ("audit_entry_insert", "audit_entry", "BEFORE INSERT ON {} FOR EACH ROW", "audit_entry_follows"),
    ("audit_entry_moves_head", "audit_entry", "AFTER INSERT ON {} FOR EACH ROW", "audit_entry_moves_head"),
    ("audit_head_follows", "audit_head", "BEFORE INSERT OR UPDATE ON {} FOR EACH ROW", "audit_head_follows"),
    ("audit_head_delete", "audit_head", "BEFORE DELETE ON {} FOR EACH ROW", "audit_refuse"),
    ("audit_index_insert", "audit_index", "BEFORE INSERT ON {} FOR EACH ROW", "audit_index_follows"),
    ("audit_vault_update", "audit_vault", "BEFORE UPDATE ON {} FOR EACH ROW", "audit_refuse"),
    ("audit_key_update", "audit_key", "BEFORE UPDATE ON {} FOR EACH ROW", "audit_refuse"),
    *(
        (f"{table}_change", table, "BEFORE UPDATE OR DELETE ON {} FOR EACH ROW", "audit_refuse")
        for table in _KEPT
    ),
    *(
        (f"{table}_truncate", table, "BEFORE TRUNCATE ON {} FOR EACH STATEMENT", "audit_refuse")
        for table in FROZEN
    ),
)


def statements() -> list[str]:
    """Everything that puts the guards up, replacing what stands under their names."""
    made = []
    for name, body in FUNCTIONS.items():
        secure = "SECURITY DEFINER SET search_path FROM CURRENT" if name in _DEFINER else ""
        made.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {secure} AS $${body}$$"
        )
    for name, table, when, function in TRIGGERS:
        made += [
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} {when.format(table)} EXECUTE FUNCTION {function}()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
        ]
    return made
