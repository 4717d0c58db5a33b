"""The same process as a state field with transitions, and a copy of the row at each change."""

# mypy: ignore-errors

from django.db import models
from django_fsm import FSMField, transition
from simple_history.models import HistoricalRecords


class Case(models.Model):
    """2 kB of case data; the history row is the audit."""

    state = FSMField(default="village", db_index=True)
    case_data = models.TextField()
    note = models.CharField(max_length=120, default="")
    opened_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True, db_index=True)
    history = HistoricalRecords()

    @transition(field=state, source="village", target="township")
    def village(self, note):
        self.note = note

    @transition(field=state, source="township", target="county", conditions=[lambda case: bool(case.note)])
    def township(self, note):
        self.note = note

    @transition(field=state, source="county", target="decided")
    def county(self, note):
        self.note = note
