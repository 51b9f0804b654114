"""The boards: what they are, how a process starts on them, memory, energy, minutes without rest, emulated ones."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.summary import Summary
from edgebench.report import asked, emulated, speed
from edgebench.report.charts import agreement, minutes
from edgebench.report.document import Block, Heading, Notes, Text
from edgebench.report.facts import delegated, machines, software
from edgebench.report.material import Material
from edgebench.report.pages.parts import MADE, listed, pictures, section, warning

INTRO = "The machines and boards that were measured, or emulated, and what they make of a run. " + MADE
START = "Medians over fresh processes, ms; load includes compiling. 1 MiB = 2^20 bytes."
STAGES = (
    "RSS / PSS / USS in MiB of one fresh process, after each stage: interpreter (with NumPy, OpenCV and eight "
    "patches), imports, load, first call, 50 calls. Peak is the largest of these of an emulated board, else the "
    "kernel's. An emulated process makes 50 inferences in place of the calls, and has only RSS."
)
SUSTAINED = "Calls one after the other, of each minute the median; it stands beside the latency, never for it."
LIMITS = "In how little an artifact lives: bisected with fresh processes in a control group without swap."
ENERGY = "Joules of the timed calls by a source that names itself, never an estimate; of the runs that had one."
AGREED = "The same artifact on two devices, patch by patch: how far their answers are apart."


def blocks(material: Material, notes: Notes) -> list[Block]:
    runs = material.runs
    return [
        Text(INTRO),
        *warning(runs),
        *listed("Machines and software", [*machines(runs), *software(runs), *delegated(runs)] if runs else []),
        *section("Start and memory", START, speed.start(runs, notes)),
        *section("Memory, stage by stage", STAGES, asked.stages(runs, notes)),
        *section("Minutes without rest", SUSTAINED, asked.sustained(runs, notes)),
        *pictures(minutes.picture(runs)),
        *section("The smallest limit of memory", LIMITS, asked.limits(runs, notes)),
        *section("Energy", ENERGY, asked.energy(runs, notes)),
        *section("Emulated boards", emulated.TEXT, emulated.boards(runs, notes)),
        *agreed(runs),
    ]


def agreed(runs: Sequence[Summary]) -> list[Block]:
    drawn = pictures(agreement.picture(runs))
    return [Heading("Do the devices agree?"), Text(AGREED), *drawn] if drawn else []
