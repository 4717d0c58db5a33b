"""A case: its papers, letters and money."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from audit.tables import audit_entry
from workflow.store.models.base import Base, known, where


class Case(Base):
    """One application. `engine` is the compact state of the diagrams, `seq` the newest log entry."""

    __tablename__ = "case"
    __table_args__ = (
        Index(None, "village", "opened_at"),
        Index(None, "opened_at"),
        Index(None, "applicant_id"),
        Index(None, "state"),
        Index(None, "closed_at", **known("closed_at")),
        # what an inspector searches by
        Index(None, "township", "opened_at"),
        Index(None, "outcome", "opened_at", **known("outcome")),
        Index(None, "aid", **known("aid")),
        Index(None, "opened_by"),
        # no state without its log entry: checked when the transaction commits
        ForeignKeyConstraint(
            ["id", "seq"],
            [audit_entry.c.chain, audit_entry.c.seq],
            name="fk_case_entry",
            deferrable=True,
            initially="DEFERRED",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    flow: Mapped[str] = mapped_column(String(48))
    rulebook: Mapped[str] = mapped_column(String(64))
    policy: Mapped[str] = mapped_column(String(32))
    applicant_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    village: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    township: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    county: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    state: Mapped[str] = mapped_column(String(28))  # domain 2.0
    outcome: Mapped[str | None] = mapped_column(String(20))
    relative: Mapped[bool] = mapped_column(default=False)  # 近亲属备案
    aid: Mapped[Decimal | None]
    category: Mapped[str | None] = mapped_column(String(8))
    opened_at: Mapped[datetime]
    opened_by: Mapped[int | None]  # account; null: the program itself
    closed_at: Mapped[datetime | None]
    seq: Mapped[int] = mapped_column(default=-1)
    engine: Mapped[bytes]
    erased_at: Mapped[datetime | None]  # when its personal data were erased
    way: Mapped[dict[str, Any]] = mapped_column(default=dict)  # flow, usual, reasons: why this procedure


class CaseLink(Base):
    """A case that was opened from another one: an appeal against it, a recovery, what an alert led to."""

    __tablename__ = "case_link"
    __table_args__ = (Index(None, "other_id"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))


class Paper(Base):
    """A scan or photo; the bytes lie in the home folder under their digest."""

    __tablename__ = "paper"
    __table_args__ = (Index(None, "case_id"), Index(None, "sha256"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    kind: Mapped[str] = mapped_column(String(32))
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    mime: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    seq: Mapped[int]


class Letter(Base):
    """A letter that has been issued; `fields` are the values it was filled with."""

    __tablename__ = "letter"
    __table_args__ = (Index(None, "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    kind: Mapped[str] = mapped_column(String(32))
    number: Mapped[str] = mapped_column(String(48), unique=True)
    issued_at: Mapped[datetime]
    fields: Mapped[dict[str, Any]]
    seq: Mapped[int]
    delivered_at: Mapped[datetime | None]
    delivery: Mapped[str | None] = mapped_column(String(16))


class Receipt(Base):
    """The proof (tlog-proof, as text) that entry `seq` of a case stands in the published log, or NULL.

    For entries that decide or pay.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        Index(
            "ix_receipt_waiting", "case_id", "seq",
            **where("proof IS NULL"),
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    proof: Mapped[str | None] = mapped_column(Text)


class Posting(Base):
    """公示: what is shown in public, already masked, until it takes itself down."""

    __tablename__ = "posting"
    __table_args__ = (Index(None, "case_id"), Index(None, "ends_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    number: Mapped[int]  # 1 评议, 2 审核, 3 审批
    posted_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    taken_down_at: Mapped[datetime | None]
    masked: Mapped[dict[str, Any]]  # the row for the web page
    board: Mapped[dict[str, Any]]  # the row for the paper board, head's full name
    photo_start: Mapped[str | None] = mapped_column(String(64))
    photo_end: Mapped[str | None] = mapped_column(String(64))


class Objection(Base):
    """异议: the words and the person stand sealed in the vault, here only where the matter stands."""

    __tablename__ = "objection"
    __table_args__ = (Index(None, "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    posting_id: Mapped[int] = mapped_column(ForeignKey("posting.id"))
    received_at: Mapped[datetime]
    channel: Mapped[str] = mapped_column(String(12))  # web, phone, letter, window
    named: Mapped[bool]
    seq: Mapped[int]
    result: Mapped[str | None] = mapped_column(String(12))


class Calculation(Base):
    """A calculation sheet (domain 3.1) with every intermediate figure."""

    __tablename__ = "calculation"
    __table_args__ = (Index(None, "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    seq: Mapped[int]
    at: Mapped[datetime]
    policy: Mapped[str] = mapped_column(String(48))
    aid: Mapped[Decimal]
    sheet: Mapped[list[Any]]  # one sheet per bill


class DepartmentPart(Base):
    """What one department gives for the bill of a case (domain 2.6, 3.9), in the order of the plan.

    `before`: yuan the departments ahead of it give; `granted` is None until it has decided.
    """

    __tablename__ = "department_part"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    office: Mapped[str] = mapped_column(String(16))
    policy: Mapped[str] = mapped_column(String(48))
    proposed: Mapped[Decimal]
    before: Mapped[Decimal]
    granted: Mapped[Decimal | None]


class Payment(Base):
    """One order of money to one account, and what the bank said."""

    __tablename__ = "payment"
    __table_args__ = (UniqueConstraint("case_id", "attempt"), Index(None, "status"))

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    attempt: Mapped[int]
    amount: Mapped[Decimal]
    account_number: Mapped[str] = mapped_column(String(19))
    account_holder: Mapped[str] = mapped_column(String(40))
    ordered_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10))  # ordered, sent, credited, returned
    settled_at: Mapped[datetime | None]
    return_reason: Mapped[str | None] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(String(8), default="aid")  # aid, advance
