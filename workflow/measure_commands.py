"""What an office enters for its indicators and its self-evaluation (domain 8). Taken by `workflow.handle`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnterFigure:
    """A yearly figure with its source: I28, `insured`. `value` as it was typed."""

    year: int
    indicator: str
    figure: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class ScoreLeaf:
    """Points for a qualitative leaf of an evaluation, and the papers they rest on. As typed."""

    evaluation: str
    year: int
    leaf: str
    points: str
    evidence: str


MeasureCommand = EnterFigure | ScoreLeaf
