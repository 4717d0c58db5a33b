"""The same process as a viewflow class."""

# mypy: ignore-errors

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.models import Process


class BenchFlow(flow.Flow):
    """start → village → township → gateway → county → end; steps are done from code, no page in between."""

    process_class = Process

    start = flow.StartHandle(this.begin).Next(this.village)
    village = flow.Handle(this.note).Next(this.township)
    township = flow.Handle(this.note).Next(this.agreed)
    agreed = (
        flow.If(lambda activation: activation.process.data["agree"]).Then(this.county).Else(this.turned_down)
    )
    county = flow.Handle(this.note).Next(this.decided)
    decided = flow.End()
    turned_down = flow.End()

    def begin(self, activation, case_data):
        activation.process.data = {"case_data": case_data, "agree": True}
        return activation.process

    def note(self, activation, text):
        activation.task.data = {"note": text}
        activation.task.save()
