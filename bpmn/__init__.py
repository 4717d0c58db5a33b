"""Everything a county changes without a programmer: diagrams, forms, limits, letters, policies.

The data lie beside this file; the Python here only reads them, strictly, into one `Rulebook`.
"""

from bpmn.faults import Fault, RulebookError
from bpmn.forms import Choice, Field, Form, Rule
from bpmn.letters import Letter, LetterField
from bpmn.rulebook import Rulebook, digest_of, from_files, load, packaged_files
from bpmn.tables import (
    CategoryRow,
    FlowRow,
    LimitRow,
    OfficeRow,
    PaperRow,
    ReasonRow,
    RoleRow,
    StateRow,
    Station,
    VariableRow,
)
from bpmn.text import Text

__all__ = [
    "CategoryRow",
    "Choice",
    "Fault",
    "Field",
    "FlowRow",
    "Form",
    "Letter",
    "LetterField",
    "LimitRow",
    "OfficeRow",
    "PaperRow",
    "ReasonRow",
    "RoleRow",
    "Rule",
    "Rulebook",
    "RulebookError",
    "StateRow",
    "Station",
    "Text",
    "VariableRow",
    "digest_of",
    "from_files",
    "load",
    "packaged_files",
]
