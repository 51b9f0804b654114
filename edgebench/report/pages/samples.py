"""Slide by slide, beside the paper's Tables 5 and 6."""

from __future__ import annotations

from edgebench.report import errors
from edgebench.report.charts import defocus, truth
from edgebench.report.charts import samples as charts
from edgebench.report.document import Block, Heading, Notes, Text
from edgebench.report.facts import data_sets
from edgebench.report.material import Material
from edgebench.report.pages.parts import MADE, listed, pictures, section, source, warning
from edgebench.report.rows import SETS

INTRO = "The focusing error of each slide, beside those of the paper's Tables 5 and 6. " + MADE
ABOUT = (
    "Mean error ± standard deviation in um; of each model and target the run with the most images, among those the "
    "newest, on one data set (that of the first)."
)


def blocks(material: Material, notes: Notes) -> list[Block]:
    runs = material.runs
    found: list[Block] = [Text(INTRO), *warning(runs), *listed("Data", data_sets(runs))]
    for split, title in SETS:
        table = errors.samples(runs, split, material.paper, notes)
        found += section(f"Slide by slide: {title}", ABOUT, table)
    found += pictures(charts.picture(material.paper, material.view))
    drawn = pictures(defocus.of_runs(runs), truth.picture(material.view))
    if drawn:
        found += [Heading("By defocus"), *drawn]
    return found + source(material.paper)
