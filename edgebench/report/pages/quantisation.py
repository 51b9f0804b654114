"""What int8 costs in um, what it saves, and where a call's time goes."""

from __future__ import annotations

from edgebench.report import quantised
from edgebench.report.document import Block, Notes, Text
from edgebench.report.facts import made
from edgebench.report.material import Material
from edgebench.report.pages.parts import MADE, listed, section, warning

INTRO = "Quantised runs beside the float32 ones of the same model. " + MADE
NONE_YET = "No quantised run has a float32 one of the same model and device yet: there is nothing to compare."


def blocks(material: Material, notes: Notes) -> list[Block]:
    runs = material.runs
    found: list[Block] = []
    found += section("What quantisation costs", quantised.COSTS, quantised.costs(runs, notes))
    found += section("What quantisation saves", quantised.SAVES, quantised.saves(runs, notes))
    if not found:
        found.append(Text(NONE_YET))
    found += section("Where a call's time goes", quantised.KINDS, quantised.kinds(runs, notes))
    return [Text(INTRO), *warning(runs), *found, *listed("How the artifacts were made", made(runs))]
