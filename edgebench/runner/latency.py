"""The time of one call, on real patches that take turns, after a warm-up that ends when the time settles."""

from __future__ import annotations

import gc
import random
from dataclasses import asdict
from itertools import cycle, islice
from time import perf_counter_ns, process_time_ns
from typing import Optional

import cv2
import numpy as np

from edgebench.backends.base import Backend
from edgebench.energy import choose
from edgebench.energy import meter as meters
from edgebench.energy.base import Source
from edgebench.runner import feed, start
from edgebench.types import RunSpec

WINDOW = 20  # calls
AGREE = 0.10  # two successive windows differ by at most this share in their means
AGREE_QUARTILES = 0.05  # and by this in their lower and upper quartiles
CAP_CALLS = 300
CAP_NS = 60_000_000_000
KEPT = 0.01  # share of the timed calls whose answers are kept, to be compared with those of the accuracy run


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event and the latency event: samples of one call each, spec.iterations or for spec.seconds; and the
    energy of their window, where a source has it."""
    power, no_energy = choose.source(spec.energy, spec.energy_command)
    idle_watts = meters.idle_watts(power) if power else None  # before the runtime is there
    meter = meters.Meter(power) if power else None
    ticking = meter if meter and meter.samples else None
    backend, turns, sources = ready(spec, emit)
    calls = cycle(turns)
    warmup_calls, steady = warm_up(backend, calls)
    samples_ns: list[int] = []
    kept: dict[int, np.ndarray] = {}
    step = int(1 / KEPT)
    first = random.Random(spec.seed).randrange((spec.iterations - 1) % step + 1)  # so that the last hundred counts, too
    wanted_ns = int(spec.seconds * 1e9)
    gc.collect()
    gc.disable()
    if meter:
        meter.start()
    wall, cpu = perf_counter_ns(), process_time_ns()
    end = wall
    for i, x in enumerate(calls):
        if i >= spec.iterations and end - wall >= wanted_ns:
            break
        begin = perf_counter_ns()
        y = backend.predict(x)
        end = perf_counter_ns()
        samples_ns.append(end - begin)
        if i % step == first:
            kept[i] = y.copy()
        if ticking:
            ticking.tick()
    wall_ns, cpu_ns = perf_counter_ns() - wall, process_time_ns() - cpu
    used = meter.stop() if meter else None
    gc.enable()
    start.check(spec, y, spec.batch_size, spec.batch_size)
    emit(
        "latency",
        samples_ns=samples_ns,
        warmup_calls=warmup_calls,
        steady=steady,
        wall_ns=wall_ns,
        cpu_ns=cpu_ns,
        distinct_patches=len(sources),
        outputs=_outputs(kept, warmup_calls, spec.batch_size, sources),
        energy=_energy(power, used, idle_watts) if power and used else None,
        no_energy=no_energy,
    )


def _energy(power: Source, used: meters.Measured, idle_watts: Optional[float]) -> dict[str, object]:
    return {"source": power.name, "about": power.about(), "idle_watts": idle_watts, **asdict(used)}


def ready(spec: RunSpec, emit: start.Emit) -> tuple[Backend, list[np.ndarray], list[feed.Source]]:
    """Emit the load event; the loaded artifact, its batches of real patches as it takes them, and their sources."""
    cv2.setNumThreads(spec.threads)
    patches, sources = feed.rotation(spec, spec.rotation)
    turns = batches(patches, spec.batch_size)
    backend, load = start.start(spec, turns[0])
    emit("load", **load)
    if backend.quantisation is not None:  # preprocessing does it, where a patch is read from disk
        turns = [backend.quantisation.quantise(x) for x in turns]
    return backend, turns, sources


def _outputs(
    kept: dict[int, np.ndarray], before: int, batch_size: int, sources: list[feed.Source]
) -> list[dict[str, object]]:
    """The answers of some timed calls with the patches they belong to; `before`: calls of the same turns, untimed."""
    calls = -(-len(sources) // batch_size)
    found = []
    for i, y in kept.items():
        for row, answer in enumerate(y.tolist()):
            stack, z_nm, tile = sources[((before + i) % calls * batch_size + row) % len(sources)]
            found.append({"stack": stack, "z_nm": z_nm, "tile": tile, "um": answer})
    return found


def batches(patches: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """All patches in batches; the last is filled from the first patches."""
    rows = -(-len(patches) // batch_size) * batch_size
    turning = np.arange(rows) % len(patches)
    return [patches[turning[i : i + batch_size]] for i in range(0, rows, batch_size)]


def warm_up(backend: Backend, calls: cycle[np.ndarray]) -> tuple[int, bool]:
    """Call until two successive windows agree, or the cap; returns calls, and if they agreed."""
    begin = perf_counter_ns()
    done = 0
    before_ns: list[int] = []
    while done < CAP_CALLS and perf_counter_ns() - begin < CAP_NS:
        window_ns = []
        for x in islice(calls, WINDOW):
            start_ns = perf_counter_ns()
            backend.predict(x)
            window_ns.append(perf_counter_ns() - start_ns)
        done += WINDOW
        if before_ns and agree(before_ns, window_ns):
            return done, True
        before_ns = window_ns
    return done, False


def agree(a_ns: list[int], b_ns: list[int]) -> bool:
    """Whether the times of two windows have the same mean and quartiles, as far as AGREE and AGREE_QUARTILES say."""
    (a_mean, *a_quartiles), (b_mean, *b_quartiles) = (
        (float(np.mean(times)), *np.quantile(times, (0.25, 0.75)).tolist()) for times in (a_ns, b_ns)
    )
    return _near(a_mean, b_mean, AGREE) and all(_near(a, b, AGREE_QUARTILES) for a, b in zip(a_quartiles, b_quartiles))


def _near(a: float, b: float, share: float) -> bool:
    return abs(a - b) <= share * max(a, b)
