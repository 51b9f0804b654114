"""What the tests of the report on Tables 1 to 6 share: made-up records, and how a page is taken apart."""

from __future__ import annotations

import re
from pathlib import Path

from make_evaluations import images, make_evaluation

from edgebench.records import published
from edgebench.records.evaluation_summary import summarise
from edgebench.report import tables

PAPER = published.load(Path(__file__).parents[1] / "results" / "published" / "rai-dastidar-2019.json")
OUTSIDE = {"optics": "linear", "objects": {"a.png": "0" * 64}, "format": "png"}


def document(*made):
    return tables.document(PAPER, [summarise(record) for record in made])


def section(text, title):
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def row(text, start):
    return next(line for line in text.splitlines() if line.startswith(f"| {start}"))


def cells(line):
    return [re.sub(r"\[\^\d+\]", "", cell).strip() for cell in line.strip("|").split("|")]


def constant(split, error_um):
    """The answers of a network that has collapsed."""
    return [image | {"patches_um": [0.5] * 5} for image in images(split, error_um)]


def exact(split, error_um):
    """Every answer off by exactly error_um."""
    return [image | {"patches_um": [image["z_nm"] / 1000 + error_um] * 5} for image in images(split, 0)]


def fewer(split, error_um):
    return exact(split, error_um)[:10]


def spread(split, error_um):
    """Half of the stacks are right, the others err twice as much."""
    names = sorted({image["stack"] for image in images(split, 0)})
    return [
        one | {"patches_um": [one["z_nm"] / 1000 + 2 * error_um * (names.index(one["stack"]) % 2)] * 5}
        for one in images(split, 0)
    ]


def one_wrong(split, error_um):
    """Right but for the first stack, whose sign is turned and which has collapsed."""
    made = exact(split, error_um)
    first = made[0]["stack"]
    return [one | {"patches_um": [-um for um in one["patches_um"]]} if one["stack"] == first else one for one in made]


def other_set(model="original", error_um=0.3, name="made-up-objects", setup=OUTSIDE, **more):
    record = make_evaluation(model, (error_um,), **{"set": name, "of": exact, **more})
    record["data"] |= {"setup": setup}
    return record
