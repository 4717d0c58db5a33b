"""The bond between case and log, in both directions, kept by the database itself.

A case row cannot move without an entry: `case.seq` refers to `audit_entry(chain, seq)`, checked
at commit. A state cannot change without the sequence moving. An entry cannot be written to a
case's chain without the case row having moved to it. So neither half can stand alone (audit-log,
attempts 15 and 16).
"""

from sqlalchemy import Connection, text

SQLITE = (
    """CREATE TRIGGER case_moves_with_entry BEFORE UPDATE OF engine, state ON "case"
    WHEN (NEW.engine IS NOT OLD.engine OR NEW.state IS NOT OLD.state) AND NEW.seq <> OLD.seq + 1
    BEGIN SELECT RAISE(ABORT, 'a case cannot change without a log entry'); END""",
    """CREATE TRIGGER case_counts_on BEFORE UPDATE OF seq ON "case"
    WHEN NEW.seq <> OLD.seq + 1
    BEGIN SELECT RAISE(ABORT, 'the sequence of a case goes on by one'); END""",
    """CREATE TRIGGER entry_belongs_to_case BEFORE INSERT ON audit_entry
    WHEN (SELECT seq FROM "case" WHERE id = NEW.chain) <> NEW.seq
    BEGIN SELECT RAISE(ABORT, 'an entry needs its case to have moved'); END""",
    """CREATE TRIGGER case_is_kept BEFORE DELETE ON "case"
    BEGIN SELECT RAISE(ABORT, 'a case is never deleted'); END""",
)

POSTGRESQL = (
    """CREATE FUNCTION case_moves_with_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.seq <> OLD.seq AND NEW.seq <> OLD.seq + 1 THEN
        RAISE EXCEPTION 'the sequence of a case goes on by one';
      END IF;
      IF (NEW.engine IS DISTINCT FROM OLD.engine OR NEW.state IS DISTINCT FROM OLD.state)
         AND NEW.seq <> OLD.seq + 1 THEN
        RAISE EXCEPTION 'a case cannot change without a log entry';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER case_moves_with_entry BEFORE UPDATE ON "case"
    FOR EACH ROW EXECUTE FUNCTION case_moves_with_entry()""",
    """CREATE FUNCTION entry_belongs_to_case() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE at integer;
    BEGIN
      SELECT seq INTO at FROM "case" WHERE id = NEW.chain;
      IF FOUND AND at <> NEW.seq THEN
        RAISE EXCEPTION 'an entry needs its case to have moved';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER entry_belongs_to_case BEFORE INSERT ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION entry_belongs_to_case()""",
    """CREATE FUNCTION case_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'a case is never deleted'; END $$""",
    """CREATE TRIGGER case_is_kept BEFORE DELETE OR TRUNCATE ON "case"
    FOR EACH STATEMENT EXECUTE FUNCTION case_is_kept()""",
    """ALTER TABLE "case" ENABLE ALWAYS TRIGGER case_moves_with_entry""",
    """ALTER TABLE audit_entry ENABLE ALWAYS TRIGGER entry_belongs_to_case""",
    """ALTER TABLE "case" ENABLE ALWAYS TRIGGER case_is_kept""",
)


def tie(connection: Connection) -> None:
    """Install the triggers; the foreign key stands in the table itself."""
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        connection.execute(text(statement))
