"""Organisations, who sits where, and the people the work is for."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.store.models.base import Base


class Organisation(Base):
    """A government unit (12-digit division code) or an office of the county.

    `kind`: government, msb (医保局), finance (财政局), civil_affairs (民政局),
    inspection (纪委监委), audit (审计局), hospital (定点医院).
    An office's code is the county's six digits and its kind: `360829-msb`.
    """

    __tablename__ = "organisation"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    level: Mapped[str] = mapped_column(String(10))  # county | township | village
    kind: Mapped[str] = mapped_column(String(16))
    parent: Mapped[str | None] = mapped_column(ForeignKey("organisation.code"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    predecessor: Mapped[str | None] = mapped_column(String(32))


class Account(Base):
    """A person who signs in. `epoch` rises with every change of password or standing: old sessions die.

    `handed_out`: somebody else knows the password, and it has to be changed before anything else is done.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    phone: Mapped[str | None] = mapped_column(String(20))
    password: Mapped[str] = mapped_column(String(160))  # argon2id
    handed_out: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    epoch: Mapped[int] = mapped_column(default=1)
    language: Mapped[str] = mapped_column(String(5), default="zh")
    elder: Mapped[bool] = mapped_column(default=False)
    demonstration: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Seat(Base):
    """Person × organisation × role, with dates (domain 6). A person may hold several."""

    __tablename__ = "seat"
    __table_args__ = (Index(None, "org", "role"), Index(None, "account_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    org: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    role: Mapped[str] = mapped_column(String(8))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    substitute_for: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    reason: Mapped[str | None] = mapped_column(String(200))


class Appointment(Base):
    """A seat that one administrator proposes and another confirms (SD-8).

    `account_id`: whose it will be; None: of somebody who gets an account with it, under `login` and `name`.
    `state`: open, confirmed, refused, withdrawn. `seat_id`: what was given.
    """

    __tablename__ = "appointment"
    __table_args__ = (Index(None, "state"), Index(None, "seat_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    login: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(40))
    org: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    role: Mapped[str] = mapped_column(String(8))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(12))
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    proposed_seat: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]


class PasswordReset(Base):
    """A forgotten password that one administrator proposes to replace and another replaces (SD-8): whoever
    knows somebody's password has that person's posts. `state`: open, confirmed, refused, withdrawn.
    """

    __tablename__ = "password_reset"
    __table_args__ = (Index(None, "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    state: Mapped[str] = mapped_column(String(12))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    proposed_seat: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]


class Kin(Base):
    """近亲属备案: a relative that somebody on duty has filed (domain 6.2)."""

    __tablename__ = "kin"
    __table_args__ = (Index(None, "id_number"), Index(None, "account_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str] = mapped_column(String(40))
    id_number: Mapped[str] = mapped_column(String(18))
    relation: Mapped[str] = mapped_column(String(24))
    filed_at: Mapped[datetime]


class Representative(Base):
    """村民代表: may sign a review record."""

    __tablename__ = "representative"
    __table_args__ = (Index(None, "village"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    village: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    name: Mapped[str] = mapped_column(String(40))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Household(Base):
    __tablename__ = "household"

    id: Mapped[int] = mapped_column(primary_key=True)
    village: Mapped[str] = mapped_column(ForeignKey("organisation.code"))
    group_name: Mapped[str | None] = mapped_column(String(20))  # 村民小组
    address: Mapped[str | None] = mapped_column(String(120))
    income: Mapped[Decimal | None]  # declared annual disposable income, yuan
    demonstration: Mapped[bool] = mapped_column(default=False)


class Person(Base):
    __tablename__ = "person"
    __table_args__ = (Index(None, "household_id"), Index(None, "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    id_number: Mapped[str] = mapped_column(String(18), unique=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"))
    relation: Mapped[str] = mapped_column(String(16), default="self")  # to the head; the head is `self`
    phone: Mapped[str | None] = mapped_column(String(20))
    account_number: Mapped[str | None] = mapped_column(String(19))
    account_holder: Mapped[str | None] = mapped_column(String(40))
    died_on: Mapped[date | None]
    demonstration: Mapped[bool] = mapped_column(default=False)


class Category(Base):
    """A category a person holds (domain 1.3), with its source.

    `recorded_at`: when the row came into the register, whatever day it is valid from; null: unknown, for it
    is older than this column (RF-17).
    """

    __tablename__ = "category"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    code: Mapped[str] = mapped_column(String(8))
    source_department: Mapped[str] = mapped_column(String(32))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    evidence: Mapped[str | None] = mapped_column(String(80))
    recorded_at: Mapped[datetime | None]


class ChronicCard(Base):
    """慢性病医疗救助卡 (domain 2.20). The disease itself stands sealed in the log of the case."""

    __tablename__ = "chronic_card"
    __table_args__ = (Index(None, "person_id", "valid_to"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    disease_list: Mapped[str] = mapped_column(String(8))  # chronic, serious
    hospital: Mapped[str] = mapped_column(String(60))
    valid_from: Mapped[date]
    valid_to: Mapped[date]


class Claim(Base):
    """One settled bill, in the symbols of domain 1.5; yuan."""

    __tablename__ = "claim"
    __table_args__ = (
        Index(None, "person_id", "settled_on"),
        Index(None, "case_id"),
        UniqueConstraint("invoice_number", "hospital", "settled_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    case_id: Mapped[str | None] = mapped_column(String(32))  # hex of the case that claims it
    hospital: Mapped[str] = mapped_column(String(60))
    invoice_number: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(24))  # inpatient, outpatient_chronic, rare_drug, …
    admitted_on: Mapped[date]
    discharged_on: Mapped[date | None]
    settled_on: Mapped[date]
    total: Mapped[Decimal]  # T
    out_of_catalogue: Mapped[Decimal]  # O
    basic: Mapped[Decimal]  # B
    serious_illness: Mapped[Decimal]  # S
    commercial: Mapped[Decimal]  # M
    other_relief: Mapped[Decimal]  # R
    serious_illness_settled: Mapped[bool] = mapped_column(default=True)
    aid_paid: Mapped[Decimal | None]  # what medical assistance has given for it, once paid
    aided_before: Mapped[Decimal | None]  # of aided_otherwise: what was given before medical assistance
    aided_otherwise: Mapped[Decimal | None]  # what other departments have given for it (domain 3.9)
    demonstration: Mapped[bool] = mapped_column(default=False)
