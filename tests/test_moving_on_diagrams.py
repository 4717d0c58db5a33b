"""Moving a case onto other diagrams: it goes on as if nothing had happened, or is refused with reasons."""

import os
import random
from pathlib import Path

from diagrams.draw import diagrams
from diagrams.walk import Ours, Vocabulary, walk
from renumbering import renumbered

from workflow.engine import migrate, read_model

HERE = Path(__file__).parent
TIMES = int(os.environ.get("MINGJIAN_WALKS", "1"))


class Moved(Ours):
    """Our engine, moved to and fro between two versions at random moments."""

    def __init__(self, files, process, unguarded):
        super().__init__(files, process, unguarded)
        other = {name: renumbered(text) if name.endswith(".bpmn") else text for name, text in files.items()}
        self.other = read_model(other, guard=not unguarded)
        self.moves, self.random = 0, random.Random(1)

    def _take(self, step):
        super()._take(step)
        while step.ended is None and self.random.random() < 0.4:
            moved = migrate(self.model, self.other, step.state)
            assert {(o.id, o.node, o.kind, o.lane) for o in moved.open} == {
                (o.id, o.node, o.kind, o.lane) for o in step.open
            }
            assert moved.timers == step.timers
            self.model, self.other, self.step = self.other, self.model, moved
            self.moves, step = self.moves + 1, moved


def files_in(folder):
    return {
        str(path): path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in (".bpmn", ".dmn")
    }


def both(files, processes, cases, unguarded=False):
    """Walk the same random cases with and without moves and compare all that can be seen of them."""
    commands, vocabulary = 0, Vocabulary(files)
    plain, moved = Ours(files, "", unguarded), Moved(files, "", unguarded)
    for process in processes:
        plain.process = moved.process = process
        for seed in range(cases):
            expected, got = walk(plain, vocabulary, seed), walk(moved, vocabulary, seed)
            assert got == expected, (process, seed)
            commands += len(got["done"])
    return moved.moves, commands


def test_our_own_flows_go_on_as_if_they_had_not_been_moved():
    folder = HERE.parent / "bpmn" / "flows"
    processes = [path.stem for path in sorted(folder.glob("*.bpmn"))]
    moves, commands = both(files_in(folder), processes, 4 * TIMES)
    assert moves > 100 and commands > 200


def test_every_element_goes_on_as_if_it_had_not_been_moved():
    folder = HERE / "diagrams"
    moves, _ = both(files_in(folder), [path.stem for path in sorted(folder.glob("*.bpmn"))], 3 * TIMES)
    assert moves > 200


def test_random_diagrams_go_on_as_if_they_had_not_been_moved():
    files = {f"{name}.bpmn": content for name, content in diagrams(1, 6)}
    moves, _ = both(files, [Path(name).stem for name in files], 3 * TIMES, unguarded=True)
    assert moves > 50
