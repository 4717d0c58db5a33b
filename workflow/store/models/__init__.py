"""Every table of the work itself. The log's own tables belong to `audit`."""

from workflow.store.models.base import Base
from workflow.store.models.cases import (
    Alarm,
    Calculation,
    Case,
    Clock,
    Draft,
    InboxMessage,
    Letter,
    Objection,
    Paper,
    Payment,
    Posting,
    Task,
    Timer,
)
from workflow.store.models.people import (
    Account,
    Category,
    Claim,
    Household,
    Kin,
    Organisation,
    Person,
    Representative,
    Seat,
)
from workflow.store.models.system import (
    CalendarDay,
    CalendarYear,
    Counter,
    Outbox,
    Request,
    RuleFile,
    RulebookRelease,
)

__all__ = [
    "Account", "Alarm", "Base", "CalendarDay", "CalendarYear", "Calculation", "Case", "Category",
    "Claim", "Clock", "Counter", "Draft", "Household", "InboxMessage", "Kin", "Letter", "Objection",
    "Organisation", "Outbox", "Paper", "Payment", "Person", "Posting", "Representative", "Request",
    "RuleFile", "RulebookRelease", "Seat", "Task", "Timer",
]
