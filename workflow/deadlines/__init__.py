"""Legal limits: the working-day calendar, the clock with its pauses, and the explanation in words.

Pure: nothing here reads a wall clock or a database. Rules: domain 7.1, 7.2, C-11 to C-16, C-26.
"""

from workflow.deadlines.alarm_times import AlarmAt, Outlook, alarms, outlook
from workflow.deadlines.calendar import SHANGHAI, Calendar, Day
from workflow.deadlines.clock import Standing, spent, standing
from workflow.deadlines.ending import Due, due
from workflow.deadlines.explaining import Explanation, Sentence, explain, sentence_of
from workflow.deadlines.fixed import months_later
from workflow.deadlines.grid import DayCell
from workflow.deadlines.limits import Limit, Warn, limits_of
from workflow.deadlines.running import Extension, Pause, Run
from workflow.deadlines.tables import CalendarRefused, Filling, read_calendar, read_filling, rows_of

__all__ = [
    "SHANGHAI",
    "AlarmAt",
    "Calendar",
    "CalendarRefused",
    "Day",
    "DayCell",
    "Due",
    "Explanation",
    "Extension",
    "Filling",
    "Limit",
    "Outlook",
    "Pause",
    "Run",
    "Sentence",
    "Standing",
    "Warn",
    "alarms",
    "due",
    "explain",
    "limits_of",
    "months_later",
    "outlook",
    "read_calendar",
    "read_filling",
    "rows_of",
    "sentence_of",
    "spent",
    "standing",
]
