"""What an open task knows can be read without building the case: the same for every task of every state."""

from datetime import UTC, datetime

from sqlalchemy import select

from workflow.bench.drive import Driver
from workflow.bench.ground import lay, open_bench_house
from workflow.bench.rivals.pace import Pace
from workflow.engine import codec
from workflow.engine.commands import no_dues
from workflow.store.models import Case


def test_every_task_knows_what_it_knows_in_the_whole_case(tmp_path):
    ground = lay(None, tmp_path, 1, product=True)
    house = open_bench_house(None, tmp_path, product=True)
    model, compared = house.rules().model, []

    def look(name, outcome):
        with house.reader.connect() as conn:
            state = conn.scalar(select(Case.engine).where(Case.id == outcome.case_id))
        rows = [codec.process_of(state, model.digest)[1] for _ in range(2)]
        case = codec.load(rows[0], model.specs, model.shapes, model.scripts, datetime.now(UTC), no_dues)
        for workflow in case.workflows():
            for task in workflow.tasks.values():
                assert codec.data_of(rows[1], task.id) == task.data
                compared.append(task.id)
        assert codec.data_of(rows[1], case.next_id) is None

    Driver(house, ground, look).whole(Pace(), 0)
    house.close()
    assert len(compared) > 300
