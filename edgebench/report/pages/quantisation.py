"""What int8 costs in um, what it saves, and where a call's time goes."""

from __future__ import annotations

from edgebench.report import quantised
from edgebench.report.charts import layers
from edgebench.report.document import Block, Heading, Notes, Text
from edgebench.report.facts import made
from edgebench.report.material import Material
from edgebench.report.pages.parts import MADE, listed, pictures, section, warning

INTRO = "Quantised runs beside the float32 ones of the same model. " + MADE
NONE_YET = "No quantised run has a float32 one of the same model and device yet: there is nothing to compare."
LAYERS = "Which layers bring the error of int8, as `edgebench explain` found it: each by itself, the others in float32."


def blocks(material: Material, notes: Notes) -> list[Block]:
    runs = material.runs
    found: list[Block] = []
    found += section("What quantisation costs", quantised.COSTS, quantised.costs(runs, notes))
    found += section("What quantisation saves", quantised.SAVES, quantised.saves(runs, notes))
    if not found:
        found.append(Text(NONE_YET))
    found += section("Where a call's time goes", quantised.KINDS, quantised.kinds(runs, notes))
    found += layered(material)
    return [Text(INTRO), *warning(runs), *found, *listed("How the artifacts were made", made(runs))]


def layered(material: Material) -> list[Block]:
    """The explanations that there are, a picture each."""
    drawn = pictures(*layers.pictures(material.explained))
    return [Heading("Layer by layer"), Text(LAYERS), *drawn] if drawn else []
