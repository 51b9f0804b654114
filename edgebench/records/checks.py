"""What a record says against itself: a cached result (R9), other answers when timed (R23), a disturbed device (R17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from edgebench.records.schema import Record
from edgebench.records.verdicts import Verdict
from edgebench.types import Throttled

FASTER = 0.10  # a run that repeats one patch may be so much faster
SAME_UM = 1e-3  # R28: what another place in a batch may change; records round to a tenth of it
SWAPPED_BYTES = 2**20


def checks(record: Record) -> Iterator[Verdict]:
    """Every verdict that applies; a record of before a check was kept gives none."""
    yield from _cached(record["latency"], record.get("one_patch"))
    yield from _other_answers(record)
    yield from _disturbed(list(_each(record)))
    yield from _fleet(record)


def _cached(processes: Sequence[Record], one_patch: Record | None) -> Iterator[Verdict]:
    """One process alone is judged, so it must also be faster than the fastest of the others."""
    if not processes or one_patch is None:
        return
    medians = [float(np.median(process["samples_ns"])) for process in processes]
    alone = float(np.median(one_patch["samples_ns"]))
    share = 1 - alone / float(np.median(medians))
    if share > FASTER and alone < min(medians):
        reason = f"calls that repeat one patch are {share:.0%} faster than those whose patches take turns"
        yield Verdict("CACHE", "latency", f"{reason} (limit {FASTER:.0%})", f"{share:.0%}")


def _other_answers(record: Record) -> Iterator[Verdict]:
    expected = {
        (image["stack"], image["z_nm"]): image["patches_um"]
        for part in record["accuracy"].values()
        for image in part["images"]
    }
    timed = [one for process in record["latency"] for one in process.get("outputs", ())]
    away = [
        abs(one["um"] - expected[one["stack"], one["z_nm"]][one["tile"]])
        for one in timed
        if (one["stack"], one["z_nm"]) in expected
    ]
    if timed and expected and not away:
        yield Verdict(
            "UNCHECKED",
            "latency",
            "no timed answer is of an image that the accuracy run saw, so that none could be compared with it",
        )
    wrong = sum(um > SAME_UM for um in away)
    if wrong:
        yield Verdict(
            "MISMATCH",
            "latency",
            f"{wrong} of {len(away)} timed answers differ from those of the accuracy run, by up to {max(away):.3g} um",
        )


def _fleet(record: Record) -> Iterator[Verdict]:
    """A stack that two devices of a fleet measured, with answers that differ."""
    for split, part in record["accuracy"].items():
        checked = part.get("fleet", {}).get("checked", ())
        wrong = [one for one in checked if one["max_um"] > SAME_UM]
        if wrong:
            away = max(one["max_um"] for one in wrong)
            who = sorted({name for one in wrong for name in one["devices"]})
            reason = (
                f"{len(wrong)} of {len(checked)} stacks have other answers on {', '.join(who)}, by up to {away:.3g} um"
            )
            yield Verdict("MISMATCH", split, reason)


def _each(record: Record) -> Iterator[Record]:
    """The processes; one that a fleet shared, as its stacks: before and after are of one device in each."""
    for process in record.get("processes", ()):
        part = record["accuracy"].get(process["phase"].removeprefix("accuracy "), {})
        states = part.get("fleet", {}).get("states")  # none in records of before they were kept
        yield from (
            [{**one, "phase": f"{process['phase']}: {one['stack']} on {one['device']}"} for one in states]
            if states
            else [process]
        )


def _disturbed(processes: Sequence[Record]) -> Iterator[Verdict]:
    swapped = [p["phase"] for p in processes if _grown(p, "swap_used_bytes") > SWAPPED_BYTES]
    if swapped:
        yield Verdict("SWAPPED", "device", f"swap grew during {_some(swapped)}")
    slowed = {p["phase"]: flags for p in processes if (flags := _flags(p)) or _grown(p, "throttle_count") > 0}
    if slowed:
        told = ", ".join(dict.fromkeys(flag for flags in slowed.values() for flag in flags)) or "heat or voltage"
        yield Verdict("THROTTLED", "device", f"the CPU was slowed down ({told}) during {_some(list(slowed))}")


def _flags(process: Record) -> list[str]:
    """Of a Pi's firmware: those of before, of after, and those since boot that are new. Older ones only warn."""
    bits = process["before"].get("throttled"), process["after"].get("throttled")
    before, after = map(Throttled.of, bits)
    new = [flag for flag in after.since_boot if flag not in before.since_boot and None not in bits]
    return list(dict.fromkeys([*before.now, *after.now, *new]))


def _grown(process: Mapping[str, Mapping[str, float | None]], name: str) -> float:
    before, after = process["before"].get(name), process["after"].get(name)
    return after - before if before is not None and after is not None else 0


def _some(phases: Sequence[str]) -> str:
    named = ", ".join(phases[:3])
    return f"{len(phases)} processes ({named}{', ...' if len(phases) > 3 else ''})"
