"""Figures of one run: pairs measured one after the other, their medians, and the table."""
import statistics
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass
class Aim:
    """What was promised: of the ratio ours/theirs, or of our own value."""
    text: str
    limit: float
    at_least: bool = False
    of_value: bool = False


@dataclass
class Row:
    """One line of the table; `add` once a round, with both sides measured in that round."""
    HEAD: ClassVar[list[str]] = ["what", "ours", "beside", "theirs", "ratio (lowest to highest)",
                                 "aim", ""]
    what: str
    unit: str
    peer: str = ""
    aim: Aim | None = None
    digits: int = 0
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    def add(self, ours: float, theirs: float | None = None) -> None:
        self.ours.append(ours)
        if theirs is not None:
            self.theirs.append(theirs)

    def value(self) -> float:
        return statistics.median(self.ours)

    def ratios(self) -> list[float]:
        """Round by round, so that a machine that gets slower on the way changes both sides."""
        return [ours / theirs for ours, theirs in zip(self.ours, self.theirs)]

    def ratio(self) -> float | None:
        return statistics.median(self.ratios()) if self.theirs else None

    def met(self) -> bool | None:
        if self.aim is None:
            return None
        measured = self.value() if self.aim.of_value else self.ratio()
        return measured >= self.aim.limit if self.aim.at_least else measured <= self.aim.limit

    def number(self, value: float) -> str:
        return f"{value:,.{self.digits}f} {self.unit}"

    def cells(self) -> list[str]:
        theirs = self.number(statistics.median(self.theirs)) if self.theirs else ""
        ratio = ""
        if self.theirs:
            low, high = min(self.ratios()), max(self.ratios())
            ratio = f"{self.ratio():.2f}  ({low:.2f} to {high:.2f})"
        met = {True: "met", False: "MISSED", None: ""}[self.met()]
        return [self.what, self.number(self.value()), self.peer, theirs, ratio,
                self.aim.text if self.aim else "", met]

    def record(self) -> dict:
        return {"what": self.what, "unit": self.unit, "peer": self.peer, "ours": self.ours,
                "theirs": self.theirs, "ratio": self.ratio(),
                "aim": self.aim.text if self.aim else None, "met": self.met()}


def table(rows: list) -> str:
    """Of rows of one kind, which has HEAD and cells()."""
    lines = [rows[0].HEAD, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            for line in lines]
    return "\n".join([text[0], "-" * max(map(len, text)), *text[1:]])
