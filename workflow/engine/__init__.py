"""The engine: diagrams in, ``start`` and ``step`` out. All that knows SpiffWorkflow is in this package."""

from workflow.engine.commands import (
    Command,
    Complete,
    Due,
    Effect,
    Message,
    Open,
    Retime,
    Signal,
    Step,
    Tick,
    TimerAt,
)
from workflow.engine.expressions import (
    Expression,
    ExpressionError,
    ExpressionFailed,
    ExpressionRefused,
    Script,
    compile_expression,
    compile_script,
)
from workflow.engine.faults import EngineError, Incident, ModelRefused, StepRefused
from workflow.engine.looking import awaited, timers, variables
from workflow.engine.migrate import MoveRefused, migrate
from workflow.engine.model import Flow, Model, Node, read_model
from workflow.engine.steps import KERNEL, start, step

__all__ = [
    "KERNEL",
    "Command",
    "Complete",
    "Due",
    "Effect",
    "EngineError",
    "Expression",
    "ExpressionError",
    "ExpressionFailed",
    "ExpressionRefused",
    "Flow",
    "Incident",
    "Message",
    "Model",
    "ModelRefused",
    "MoveRefused",
    "Node",
    "Open",
    "Retime",
    "Script",
    "Signal",
    "Step",
    "StepRefused",
    "Tick",
    "TimerAt",
    "awaited",
    "compile_expression",
    "compile_script",
    "migrate",
    "read_model",
    "start",
    "step",
    "timers",
    "variables",
]
