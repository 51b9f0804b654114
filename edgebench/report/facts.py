"""Sentences that go with the tables: the data, the machines, and what must not be compared."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.published import Published
from edgebench.records.summary import Summary

GIB = 2**30
PATCHES = 26_240  # paper, Table 7
COUNTED = (
    "Counts: the simulated stacks of Set 2 have 45 planes, four more below than the published ones, so that the "
    "paper's pair rule leaves 41 images a stack and its 26,240 patches exist. The labels reach further down for it."
)


def data_sets(runs: Sequence[Summary]) -> list[str]:
    """One line a data set: what it is, its counting rule and its counts."""
    lines: dict[str, set[str]] = {}
    for run in runs:
        data = run.record["data"]
        counts = "; ".join(
            f"{split}: {n['stacks']:,} stacks, {n['images']:,} images, {n['patches']:,} patches"
            for split, n in sorted(data["splits"].items())
        )
        kind = f"**simulated**, seed {data['seed']}" if data["simulated"] else "real slides"
        line = f"{data['name']}: {kind}, SHA-256 `{data['sha256']}`. Rule: {data['rule'].rstrip('.')}. {counts}."
        lines.setdefault(line, set()).update(
            f"Labels of {split} as measured: {found.lowest_um:+.2f} to {found.highest_um:+.2f} um."
            for split, found in run.errors.items()
        )
    return [" ".join([line, *sorted(lines[line])]) for line in sorted(lines)]


def machines(runs: Sequence[Summary]) -> list[str]:
    """One line a machine, with the threads and the page cache of its runs."""
    found: dict[str, set[int]] = {}
    for run in runs:
        device, settings = run.record["device"], run.record["settings"]
        host = device["host"]
        name = f"`{device['name']}`{' (emulated)' if device['emulated'] else ''}"
        line = (
            f"{name}: {host['cpu']}, {host['cores']} cores, {host['memory_bytes'] / GIB:.1f} GiB, {host['platform']}, "
            f"{host['machine']}, Python {host['python']}; page cache {settings['page_cache']}"
        )
        found.setdefault(line, set()).add(settings["threads"])
    return [f"{line}; threads used: {', '.join(map(str, sorted(found[line])))}." for line in sorted(found)]


def software(runs: Sequence[Summary]) -> list[str]:
    """One line a backend with its versions, then what is shared, then when and by which code it was measured."""
    backends: dict[str, set[str]] = {}
    for run in runs:
        for name, versions in (
            (f"backend {run.record['backend']['name']}", run.record["backend"]["versions"]),
            ("libraries", run.record["device"]["host"]["versions"]),
        ):
            backends.setdefault(name, set()).add(", ".join(f"{k} {v}" for k, v in sorted(versions.items())))
    lines = [f"{name}: {' / '.join(sorted(found)) or 'no version'}." for name, found in sorted(backends.items())]
    days = sorted({run.record["created"][:10] for run in runs})
    codes = sorted({f"{run.record['edgebench']} (code `{run.record['code_sha256'][:12]}`)" for run in runs})
    span = days[0] if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    return [*lines, f"edgebench {', '.join(codes)}; measured {span}."]


def not_comparable(paper: Published, runs: Sequence[Summary]) -> list[str]:
    """What a reader might compare and must not."""
    cpus = sorted({run.record["device"]["host"]["cpu"] for run in runs})
    caches = sorted({run.record["settings"]["page_cache"] for run in runs})
    lines = [
        f"Times: the paper's machine is a {paper.setup['cpu']} with a {paper.setup['gpu']}"
        + (f", ours {' and '.join(cpus)}" if cpus else "")
        + ". Only ratios between rows of one machine mean something.",
        "Memory: the paper's GPU memory and the resident memory of our processes are different things, in different "
        "tables.",
    ]
    if caches:
        lines.append(f"Reading: our page cache was {' or '.join(caches)}; the paper does not say.")
    if any(run.record["data"]["simulated"] for run in runs):
        lines.append("Errors: the paper's slides are real, ours are simulated where marked.")
        if any(run.record["data"]["splits"].get("test-2", {}).get("patches") == PATCHES for run in runs):
            lines.append(COUNTED)
    return lines


def remarks(paper: Published) -> list[str]:
    """Our checks of the paper's arithmetic, that concern Table 7."""
    shown = ("count", "constant", "means", "resolution", "work")
    return [paper.remarks[name] for name in shown if name in paper.remarks]
