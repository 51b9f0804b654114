"""The boards: what they are, how a process starts on them, memory, energy, minutes without rest, emulated ones."""

from __future__ import annotations

from edgebench.report import asked, emulated, speed
from edgebench.report.document import Block, Notes, Text
from edgebench.report.facts import delegated, machines, software
from edgebench.report.material import Material
from edgebench.report.pages.parts import MADE, listed, section, warning

INTRO = "The machines and boards that were measured, or emulated, and what they make of a run. " + MADE
START = "Medians over fresh processes, ms; load includes compiling. 1 MiB = 2^20 bytes."
STAGES = (
    "RSS / PSS / USS in MiB of one fresh process, after each stage: interpreter (with NumPy, OpenCV and eight "
    "patches), imports, load, first call, 50 calls."
)
SUSTAINED = "Calls one after the other, of each minute the median; it stands beside the latency, never for it."
LIMITS = "In how little an artifact lives: bisected with fresh processes in a control group without swap."
ENERGY = "Joules of the timed calls by a source that names itself, never an estimate; of the runs that had one."


def blocks(material: Material, notes: Notes) -> list[Block]:
    runs = material.runs
    return [
        Text(INTRO),
        *warning(runs),
        *listed("Machines and software", [*machines(runs), *software(runs), *delegated(runs)] if runs else []),
        *section("Start and memory", START, speed.start(runs, notes)),
        *section("Memory, stage by stage", STAGES, asked.stages(runs, notes)),
        *section("Minutes without rest", SUSTAINED, asked.sustained(runs, notes)),
        *section("The smallest limit of memory", LIMITS, asked.limits(runs, notes)),
        *section("Energy", ENERGY, asked.energy(runs, notes)),
        *section("Emulated boards", emulated.TEXT, emulated.boards(runs, notes)),
    ]
