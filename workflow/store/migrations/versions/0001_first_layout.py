"""The first layout: the work, the log, and the bond between them."""

import sqlalchemy as sa
from alembic import op

from audit.tables import create as create_log
from workflow.store.bonds import tie
from workflow.store.types import Instant, Money

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    create_log(connection)
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("password", sa.String(length=160), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("elder", sa.Boolean(), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "organisation",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("parent", sa.String(length=32), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("predecessor", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["organisation.code"], name=op.f("fk_organisation_parent")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_organisation")),
    )
    op.create_table(
        "request",
        sa.Column("principal", sa.String(length=48), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_request")),
    )
    op.create_table(
        "rule_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_rule_file")),
    )
    op.create_table(
        "rulebook",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("released_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rulebook")),
    )
    op.create_table(
        "household",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("village", sa.String(length=32), nullable=False),
        sa.Column("group_name", sa.String(length=20), nullable=True),
        sa.Column("address", sa.String(length=120), nullable=True),
        sa.Column("income", Money(), nullable=True),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["village"], ["organisation.code"], name=op.f("fk_household_village")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
    )
    op.create_table(
        "kin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("id_number", sa.String(length=18), nullable=False),
        sa.Column("relation", sa.String(length=24), nullable=False),
        sa.Column("filed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_kin_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kin")),
    )
    op.create_index(op.f("ix_kin_account_id"), "kin", ["account_id"], unique=False)
    op.create_index(op.f("ix_kin_id_number"), "kin", ["id_number"], unique=False)
    op.create_table(
        "representative",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("village", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["village"], ["organisation.code"], name=op.f("fk_representative_village")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representative")),
    )
    op.create_index(op.f("ix_representative_village"), "representative", ["village"], unique=False)
    op.create_table(
        "seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("org", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("substitute_for", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_seat_account_id")),
        sa.ForeignKeyConstraint(["org"], ["organisation.code"], name=op.f("fk_seat_org")),
        sa.ForeignKeyConstraint(["substitute_for"], ["seat.id"], name=op.f("fk_seat_substitute_for")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
    )
    op.create_index(op.f("ix_seat_account_id"), "seat", ["account_id"], unique=False)
    op.create_index(op.f("ix_seat_org_role"), "seat", ["org", "role"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("id_number", sa.String(length=18), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("account_number", sa.String(length=19), nullable=True),
        sa.Column("account_holder", sa.String(length=40), nullable=True),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_person_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("id_number", name=op.f("uq_person_id_number")),
    )
    op.create_index(op.f("ix_person_household_id"), "person", ["household_id"], unique=False)
    op.create_table(
        "case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("flow", sa.String(length=48), nullable=False),
        sa.Column("rulebook", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=32), nullable=False),
        sa.Column("applicant_id", sa.Integer(), nullable=False),
        sa.Column("village", sa.String(length=32), nullable=False),
        sa.Column("township", sa.String(length=32), nullable=False),
        sa.Column("county", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=28), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("relative", sa.Boolean(), nullable=False),
        sa.Column("aid", Money(), nullable=True),
        sa.Column("category", sa.String(length=8), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("engine", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["applicant_id"], ["person.id"], name=op.f("fk_case_applicant_id")),
        sa.ForeignKeyConstraint(["county"], ["organisation.code"], name=op.f("fk_case_county")),
        sa.ForeignKeyConstraint(
            ["id", "seq"],
            ["audit_entry.chain", "audit_entry.seq"],
            name="fk_case_entry",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["township"], ["organisation.code"], name=op.f("fk_case_township")),
        sa.ForeignKeyConstraint(["village"], ["organisation.code"], name=op.f("fk_case_village")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number")),
    )
    op.create_index(op.f("ix_case_applicant_id"), "case", ["applicant_id"], unique=False)
    op.create_index(op.f("ix_case_opened_at"), "case", ["opened_at"], unique=False)
    op.create_index(op.f("ix_case_state"), "case", ["state"], unique=False)
    op.create_index(op.f("ix_case_village_opened_at"), "case", ["village", "opened_at"], unique=False)
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("source_department", sa.String(length=32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("evidence", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_category_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
    )
    op.create_index(op.f("ix_category_person_id"), "category", ["person_id"], unique=False)
    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("hospital", sa.String(length=60), nullable=False),
        sa.Column("invoice_number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("total", Money(), nullable=False),
        sa.Column("out_of_catalogue", Money(), nullable=False),
        sa.Column("basic", Money(), nullable=False),
        sa.Column("serious_illness", Money(), nullable=False),
        sa.Column("commercial", Money(), nullable=False),
        sa.Column("other_relief", Money(), nullable=False),
        sa.Column("serious_illness_settled", sa.Boolean(), nullable=False),
        sa.Column("aid_paid", Money(), nullable=True),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_claim_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint(
            "invoice_number",
            "hospital",
            "settled_on",
            name=op.f("uq_claim_invoice_number_hospital_settled_on"),
        ),
    )
    op.create_index(op.f("ix_claim_case_id"), "claim", ["case_id"], unique=False)
    op.create_index(op.f("ix_claim_person_id_settled_on"), "claim", ["person_id", "settled_on"], unique=False)
    op.create_table(
        "calculation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("policy", sa.String(length=48), nullable=False),
        sa.Column("aid", Money(), nullable=False),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_calculation_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calculation")),
    )
    op.create_index(op.f("ix_calculation_case_id"), "calculation", ["case_id"], unique=False)
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("limit_id", sa.String(length=8), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("pauses", sa.JSON(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("next_alarm_at", Instant(), nullable=True),
        sa.Column("next_alarm", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_clock_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_index("ix_clock_alarm", "clock", ["next_alarm_at"], unique=False)
    op.create_index(op.f("ix_clock_case_id"), "clock", ["case_id"], unique=False)
    op.create_table(
        "inbox_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("read_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_inbox_message_case_id")),
        sa.ForeignKeyConstraint(["read_by"], ["account.id"], name=op.f("fk_inbox_message_read_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_message")),
    )
    op.create_index(
        op.f("ix_inbox_message_org_role_read_at_id"),
        "inbox_message",
        ["org", "role", "read_at", "id"],
        unique=False,
    )
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=48), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("delivery", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_letter_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("number", name=op.f("uq_letter_number")),
    )
    op.create_index(op.f("ix_letter_case_id"), "letter", ["case_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("available_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_outbox_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        op.f("ix_outbox_done_at_available_at"), "outbox", ["done_at", "available_at"], unique=False
    )
    op.create_table(
        "paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("mime", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("uploaded_by", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_paper_case_id")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["account.id"], name=op.f("fk_paper_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper")),
    )
    op.create_index(op.f("ix_paper_case_id"), "paper", ["case_id"], unique=False)
    op.create_index(op.f("ix_paper_sha256"), "paper", ["sha256"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("account_number", sa.String(length=19), nullable=False),
        sa.Column("account_holder", sa.String(length=40), nullable=False),
        sa.Column("ordered_at", Instant(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("return_reason", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_payment_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("case_id", "attempt", name=op.f("uq_payment_case_id_attempt")),
    )
    op.create_index(op.f("ix_payment_status"), "payment", ["status"], unique=False)
    op.create_table(
        "posting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("taken_down_at", Instant(), nullable=True),
        sa.Column("masked", sa.JSON(), nullable=False),
        sa.Column("board", sa.JSON(), nullable=False),
        sa.Column("photo_start", sa.String(length=64), nullable=True),
        sa.Column("photo_end", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_posting_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_index(op.f("ix_posting_case_id"), "posting", ["case_id"], unique=False)
    op.create_index(op.f("ix_posting_ends_at"), "posting", ["ends_at"], unique=False)
    op.create_table(
        "timer",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_timer_case_id")),
        sa.PrimaryKeyConstraint("case_id", "task_id", name=op.f("pk_timer")),
    )
    op.create_index("ix_timer_due", "timer", ["due_at"], unique=False)
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=12), nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_alarm_case_id")),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_alarm_clock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        sa.UniqueConstraint("clock_id", "level", name=op.f("uq_alarm_clock_id_level")),
    )
    op.create_table(
        "objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("posting_id", sa.Integer(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_objection_case_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.id"], name=op.f("fk_objection_posting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    op.create_index(op.f("ix_objection_case_id"), "objection", ["case_id"], unique=False)
    op.create_table(
        "task",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=48), nullable=False),
        sa.Column("process", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("org", sa.String(length=32), nullable=False),
        sa.Column("form", sa.String(length=48), nullable=True),
        sa.Column("state", sa.String(length=28), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("warn_at", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("done_account", sa.Integer(), nullable=True),
        sa.Column("done_seat", sa.Integer(), nullable=True),
        sa.Column("done_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_task_case_id")),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_task_clock_id")),
        sa.ForeignKeyConstraint(["done_account"], ["account.id"], name=op.f("fk_task_done_account")),
        sa.ForeignKeyConstraint(["done_seat"], ["seat.id"], name=op.f("fk_task_done_seat")),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("pk_task")),
    )
    op.create_index("ix_task_case", "task", ["case_id", "done_at"], unique=False)
    op.create_index("ix_task_done_by", "task", ["done_account", "done_at"], unique=False)
    op.create_index(
        "ix_task_worklist",
        "task",
        ["org", "role", "kind", "due_at", "warn_at", "paused", "case_id", "id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "draft",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_draft_account_id")),
        sa.ForeignKeyConstraint(
            ["case_id", "task_id"], ["task.case_id", "task.id"], name=op.f("fk_draft_case_id_task_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "task_id", "account_id", name=op.f("pk_draft")),
    )
    tie(connection)


def downgrade() -> None:
    raise RuntimeError("a log that can be unrolled is none: restore a backup instead")
