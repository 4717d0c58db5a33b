"""The commands of a supervisor, and who carries each of them out."""

from collections.abc import Mapping

from workflow import supervisor_commands as commands
from workflow.cases import extending, handing_over, supervising, urging
from workflow.cases.work import Handler

HANDLERS: Mapping[type, Handler] = {
    commands.ExtendDeadline: extending.extend_deadline,
    commands.RequestExtension: extending.request_extension,
    commands.RefuseExtension: extending.refuse_extension,
    commands.Urge: urging.urge,
    commands.Reassign: handing_over.reassign,
    commands.PutUnderSupervision: supervising.put_under_supervision,
    commands.AnswerSupervision: supervising.answer_supervision,
    commands.EndSupervision: supervising.end_supervision,
    commands.RemindOfAnswer: supervising.remind_of_answer,
}
