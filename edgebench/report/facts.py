"""Sentences that go with the tables: the data, the machines, and what must not be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    lines: dict[str, list[Summary]] = {}
    for run in runs:
        data = run.record["data"]
        counts = "; ".join(
            f"{split}: {n['stacks']:,} stacks, {n['images']:,} images, {n['patches']:,} patches"
            for split, n in sorted(data["splits"].items())
        )
        kind = f"**simulated**, seed {data['seed']}" if data["simulated"] else "real slides"
        line = f"{data['name']}: {kind}, SHA-256 `{data['sha256']}`. Rule: {data['rule'].rstrip('.')}. {counts}."
        lines.setdefault(line, []).append(run)
    return [" ".join([line, *_labels(lines[line])]) for line in sorted(lines)]


def _labels(runs: Sequence[Summary]) -> list[str]:
    """The range of the labels of each split, by the runs that measured most of it; a part of it is called one."""
    told = []
    for split in sorted({split for run in runs for split in run.errors}):
        found = [run.errors[split] for run in runs if split in run.errors]
        images = max(len(one.images) for one in found)
        known = runs[0].record["data"]["splits"].get(split, {}).get("images", images)
        part = f" ({images:,} of {known:,} images)" if images < known else ""
        told += sorted(
            {
                f"Labels of {split} as measured{part}: {one.lowest_um:+.2f} to {one.highest_um:+.2f} um."
                for one in found
                if len(one.images) == images
            }
        )
    return told


def machines(runs: Sequence[Summary]) -> list[str]:
    """One line a machine, with the threads and the page cache of its runs."""
    found: dict[str, set[int]] = {}
    for run in runs:
        device, settings = run.record["device"], run.record["settings"]
        host = device["host"]
        emulated, over = " (emulated)" if device["emulated"] else "", " over SSH" if device.get("mode") == "ssh" else ""
        name = f"`{device['name']}`{over}{emulated}"
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


def made(runs: Sequence[Summary]) -> list[str]:
    """One line for each way in which an artifact was made: converter, calibration and parity."""
    lines = set()
    for run in runs:
        artifact = run.record["artifact"]
        how = artifact.get("made")
        if how:
            parts = [
                "made with "
                + (", ".join(f"{k} {v}" for k, v in sorted(how["versions"].items())) or "an unknown version")
            ]
            parts += _calibration(how["calibration"]) + _parity(how["parity"])
            name = f"`{run.record['model']['name']}/{artifact['target']}` (SHA-256 `{artifact['sha256'][:12]}`)"
            lines.add(f"{name}: {'; '.join(parts)}.")
    return sorted(lines)


def delegated(runs: Sequence[Summary]) -> list[str]:
    """One line for each artifact of which a delegate took a counted part; borders and shapes may stay outside it."""
    lines = set()
    for run in runs:
        record, executed = run.record, run.record["backend"]["executed"]
        total, taken = executed.get("operators_total"), executed.get("operators_delegated")
        if isinstance(total, int) and isinstance(taken, int):
            name = f"`{record['model']['name']}/{record['artifact']['target']}` on {record['backend']['name']}"
            device = f"`{record['device']['name']}`{f' ({run.cpu})' if run.cpu else ''}"
            lines.add(
                f"{name}, {device}: {taken} of {total} operators ran in {executed.get('delegate') or 'no delegate'}."
            )
    return sorted(lines)


def _calibration(about: dict[str, Any] | None) -> list[str]:
    if about is None:
        return []
    return [f"calibrated on {about.get('count', 'unknown')} patches of the split {about.get('split', 'unknown')}"]


def _parity(found: dict[str, Any]) -> list[str]:
    """How far the answers are from Keras's; a sidecar of another kind may not say."""
    unseen = found.get("unseen")
    which = " that no calibration saw" if unseen else " of the calibration" if found.get("calibration") else ""
    found = unseen or found
    if not {"mean_um", "max_um", "patches"} <= found.keys():
        return []
    return [
        f"differs from Keras by {found['mean_um']:.2g} um in the mean, {found['max_um']:.2g} um at most "
        f"({found['patches']:,} patches{which})"
    ]


def superseded(ids: Sequence[str]) -> list[str]:
    """Which records stand in no table."""
    return [f"Superseded by a newer run of the same cell, in no table: {', '.join(f'`{id}`' for id in ids)}."] * bool(
        ids
    )


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
        lines.append(f"Reading: page cache {' or '.join(caches)} in our runs; the paper does not say.")
    if any(run.record["data"]["simulated"] for run in runs):
        lines.append("Errors: the paper's slides are real, ours are simulated where marked.")
        if any(run.record["data"]["splits"].get("test-2", {}).get("patches") == PATCHES for run in runs):
            lines.append(COUNTED)
    return lines


def remarks(paper: Published) -> list[str]:
    """Our checks of the paper's arithmetic, and what to read its numbers against."""
    shown = ("count", "constant", "means", "resolution", "work", "jpeg", "since")
    return [paper.remarks[name] for name in shown if name in paper.remarks]
