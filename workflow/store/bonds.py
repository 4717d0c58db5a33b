"""The bond between case and log, in both directions, kept by the database itself.

A case row cannot move without an entry: `case.seq` refers to `audit_entry(chain, seq)`, checked
at commit. Nothing of a case changes without the sequence moving, but for the marker `relative`, which
follows the register of relatives. An entry cannot be written to a case's chain without the case row
having moved to it. So neither half can stand alone (audit-log, attempts 15, 16 and 18).
"""

from sqlalchemy import Connection, text

KEPT = (
    "id", "number", "flow", "rulebook", "policy", "applicant_id", "village", "township", "county",
    "state", "outcome", "aid", "category", "opened_at", "closed_at", "engine",
)  # fmt: skip
_CHANGED = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)

SQLITE = (
    f"""CREATE TRIGGER case_moves_with_entry BEFORE UPDATE ON "case"
    WHEN NEW.seq <> OLD.seq + 1 AND ({_CHANGED})
    BEGIN SELECT RAISE(ABORT, 'a case cannot change without a log entry'); END""",
    """CREATE TRIGGER case_counts_on BEFORE UPDATE OF seq ON "case"
    WHEN NEW.seq <> OLD.seq + 1
    BEGIN SELECT RAISE(ABORT, 'the sequence of a case goes on by one'); END""",
    """CREATE TRIGGER case_is_put_in_once BEFORE INSERT ON "case"
    WHEN EXISTS (SELECT 1 FROM "case" WHERE id = NEW.id OR number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'the case is already there'); END""",
    """CREATE TRIGGER entry_belongs_to_case BEFORE INSERT ON audit_entry
    WHEN (SELECT seq FROM "case" WHERE id = NEW.chain) <> NEW.seq
    BEGIN SELECT RAISE(ABORT, 'an entry needs its case to have moved'); END""",
    """CREATE TRIGGER case_is_kept BEFORE DELETE ON "case"
    BEGIN SELECT RAISE(ABORT, 'a case is never deleted'); END""",
)

_NEW, _OLD = (", ".join(f"{row}.{name}" for name in KEPT) for row in ("NEW", "OLD"))

POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION case_moves_with_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.seq <> OLD.seq AND NEW.seq <> OLD.seq + 1 THEN
        RAISE EXCEPTION 'the sequence of a case goes on by one';
      END IF;
      IF NEW.seq <> OLD.seq + 1 AND ROW({_NEW}) IS DISTINCT FROM ROW({_OLD}) THEN
        RAISE EXCEPTION 'a case cannot change without a log entry';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE OR REPLACE FUNCTION entry_belongs_to_case() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE at integer;
    BEGIN
      SELECT seq INTO at FROM "case" WHERE id = NEW.chain;
      IF FOUND AND at <> NEW.seq THEN
        RAISE EXCEPTION 'an entry needs its case to have moved';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE OR REPLACE FUNCTION case_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'a case is never deleted'; END $$""",
    """CREATE OR REPLACE TRIGGER case_moves_with_entry BEFORE UPDATE ON "case"
    FOR EACH ROW EXECUTE FUNCTION case_moves_with_entry()""",
    """CREATE OR REPLACE TRIGGER entry_belongs_to_case BEFORE INSERT ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION entry_belongs_to_case()""",
    """CREATE OR REPLACE TRIGGER case_is_kept BEFORE DELETE OR TRUNCATE ON "case"
    FOR EACH STATEMENT EXECUTE FUNCTION case_is_kept()""",
    """ALTER TABLE "case" ENABLE ALWAYS TRIGGER case_moves_with_entry""",
    """ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER entry_belongs_to_case""",
    """ALTER TABLE "case" ENABLE ALWAYS TRIGGER case_is_kept""",
)


def tie(connection: Connection) -> None:
    """Install the triggers, replacing what stands under their names; the foreign key stands in the table."""
    if connection.dialect.name == "sqlite":
        for statement in SQLITE:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {statement.split()[2]}"))
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        connection.execute(text(statement))
