"""What can go wrong with a command, in the words a page shows.

WorkflowError
├── NotAllowed       403  the rule that forbids it, and the next step
├── NotFound         404
├── Stale            409  somebody was faster: who, when, what
├── StepImpossible   409  the case does not stand where the command needs it
├── RequestReused    422  the same request key came with other contents
├── AnswersRefused   422  one fault per field
├── RowsRefused      422  one fault per row of an imported file
├── RulesRefused     422  one fault per place in a rule book
├── LogStopped       503  the database is older than the published log; nothing may be done
└── Busy             503  the database could not take it now; nothing has happened
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bpmn.faults import Fault
from bpmn.text import Text

NOTHING_DUE = Text("现在没有到时的事项。", "Nothing is due now.")
"""What the worker is told when somebody else was faster."""


class WorkflowError(Exception):
    """Base of everything a user may be told. `message` is complete in itself."""

    status = 400

    def __init__(self, message: Text) -> None:
        super().__init__(message.en)
        self.message = message


class NotAllowed(WorkflowError):
    """A rule forbids it. `rule` is its id: role, area, kin, SD-1 … SD-11, seat."""

    status = 403

    def __init__(self, rule: str, message: Text) -> None:
        super().__init__(message)
        self.rule = rule


class NotFound(WorkflowError):
    status = 404

    def __init__(self, message: Text | None = None) -> None:
        super().__init__(message or Text("没有找到。地址可能写错，或者已经移走。", "Not found."))


@dataclass(frozen=True, slots=True)
class Happened:
    """What somebody else did meanwhile: enough for the page that says so."""

    case_id: str
    number: str
    task: str
    by: str
    at: datetime | None
    seq: int


class Stale(WorkflowError):
    """The page was older than the case."""

    status = 409

    def __init__(self, happened: Happened) -> None:
        super().__init__(Text("这一步已经有人办过了。", "Somebody has done this step already."))
        self.happened = happened


class LogStopped(WorkflowError):
    """The database does not reach up to what was published: a restored backup that nobody has declared."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            Text(
                "数据库比已公开的日志旧，可能是恢复了旧备份。为免办理记录前后矛盾，现在不能办理。"
                "请管理员核实后执行 mingjian audit recover。",
                "The database is older than the published log; perhaps a backup was restored. Nothing can be "
                "done now. The administrator has to look into it and run mingjian audit recover.",
            )
        )


class StepImpossible(WorkflowError):
    status = 409


class MoveImpossible(StepImpossible):
    """A case cannot be moved to other rules; `reasons` are all of them."""

    def __init__(self, reasons: Sequence[Text]) -> None:
        super().__init__(
            Text("；".join(each.zh for each in reasons) + "。", "; ".join(each.en for each in reasons) + ".")
        )
        self.reasons = tuple(reasons)


class RequestReused(WorkflowError):
    status = 422

    def __init__(self) -> None:
        super().__init__(
            Text("同一个提交编号带了不同的内容，没有执行。", "The same request id came with other contents.")
        )


@dataclass(frozen=True, slots=True)
class FieldFault:
    field: str
    message: Text

    @classmethod
    def of(cls, field: str, zh: str, en: str) -> "FieldFault":
        return cls(field, Text(zh, en))


class AnswersRefused(WorkflowError):
    status = 422

    def __init__(self, faults: Sequence[FieldFault]) -> None:
        first = faults[0].message
        super().__init__(first)
        self.faults = tuple(faults)

    @classmethod
    def at(cls, field: str, zh: str, en: str) -> "AnswersRefused":
        """Refused for one field."""
        return cls([FieldFault.of(field, zh, en)])


@dataclass(frozen=True, slots=True)
class RowFault:
    """Row 1 is the head of the table; `column` may be empty when the whole row is meant."""

    row: int
    column: str
    message: Text


class RowsRefused(WorkflowError):
    status = 422

    def __init__(self, faults: Sequence[RowFault]) -> None:
        super().__init__(
            Text(f"有{len(faults)}处错误，一行也没有导入。", f"{len(faults)} faults; nothing was imported.")
        )
        self.faults = tuple(faults)


class RulesRefused(WorkflowError):
    """A changed rule book that cannot be taken: file, element and reason of every fault."""

    status = 422

    def __init__(self, faults: Sequence[Fault]) -> None:
        number = len(faults)
        super().__init__(
            Text(
                f"检查发现{number}处错误，没有收下，规则没有改变。",
                f"Faults found: {number}. Nothing was taken; the rules are unchanged.",
            )
        )
        self.faults = tuple(faults)


class Busy(WorkflowError):
    status = 503
