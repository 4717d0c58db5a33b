"""Every table of the work itself. The log's own tables belong to `audit`."""

from workflow.store.models.advances import Advance
from workflow.store.models.alerts import Beat, Channel, Digest
from workflow.store.models.base import Base, table
from workflow.store.models.calendars import CalendarFeed, CalendarProposal
from workflow.store.models.cases import (
    Calculation,
    Case,
    CaseLink,
    DepartmentPart,
    Letter,
    Objection,
    Paper,
    Payment,
    Posting,
    Receipt,
)
from workflow.store.models.erasures import Erasure, RetentionRun
from workflow.store.models.findings import Finding, FindingMove
from workflow.store.models.flags import Flag, FlagConclusion, FlagRun
from workflow.store.models.measures import EnteredFigure, EvaluationScore
from workflow.store.models.people import (
    Account,
    Appointment,
    Category,
    ChronicCard,
    Claim,
    Household,
    Kin,
    Organisation,
    PasswordReset,
    Person,
    Representative,
    Seat,
)
from workflow.store.models.recoveries import Instalment, Recovery, Repayment
from workflow.store.models.releases import InForce, RuleProposal
from workflow.store.models.spot_checks import SpotCheck, SpotCheckSheet
from workflow.store.models.standing import Alarm, Clock, Draft, InboxMessage, Task, Timer
from workflow.store.models.supervision import Assignment, Extension, Supervision
from workflow.store.models.system import (
    CalendarDay,
    CalendarYear,
    Counter,
    ListedReading,
    Outbox,
    Request,
    RulebookRelease,
    RuleFile,
)

__all__ = [
    "Account",
    "Advance",
    "Alarm",
    "Appointment",
    "Assignment",
    "Base",
    "Beat",
    "Calculation",
    "CalendarDay",
    "CalendarFeed",
    "CalendarProposal",
    "CalendarYear",
    "Case",
    "CaseLink",
    "Category",
    "Channel",
    "ChronicCard",
    "Claim",
    "Clock",
    "Counter",
    "DepartmentPart",
    "Digest",
    "Draft",
    "EnteredFigure",
    "Erasure",
    "EvaluationScore",
    "Extension",
    "Finding",
    "FindingMove",
    "Flag",
    "FlagConclusion",
    "FlagRun",
    "Household",
    "InForce",
    "InboxMessage",
    "Instalment",
    "Kin",
    "Letter",
    "ListedReading",
    "Objection",
    "Organisation",
    "Outbox",
    "Paper",
    "PasswordReset",
    "Payment",
    "Person",
    "Posting",
    "Receipt",
    "Recovery",
    "Repayment",
    "Representative",
    "Request",
    "RetentionRun",
    "RuleFile",
    "RuleProposal",
    "RulebookRelease",
    "Seat",
    "SpotCheck",
    "SpotCheckSheet",
    "Supervision",
    "Task",
    "Timer",
    "table",
]
