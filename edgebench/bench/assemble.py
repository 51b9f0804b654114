"""The finished processes of a cell, put together as its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import edgebench
from edgebench.bench.cells import MEMORY_LIMIT, ONE_PATCH, Cell, Data, code_sha256
from edgebench.bench.journal import Finished
from edgebench.devices.base import Device, Remote
from edgebench.records.schema import VERSION


def record(id: str, cell: Cell, device: Device, data: Data, finished: Mapping[str, Finished]) -> dict[str, Any]:
    """Of a cell all of whose processes are finished."""
    ordered = [(phase, spec, finished[phase]) for phase, spec in cell.processes(data)]
    in_time = sorted(finished.values(), key=lambda one: (one.started, one.place))
    accuracy: dict[str, Any] = {}
    latency: list[dict[str, Any]] = []
    single: dict[str, Any] | None = None
    memory: dict[str, Any] | None = None
    profile: dict[str, Any] | None = None
    count: dict[str, Any] | None = None
    sustained: dict[str, Any] | None = None
    for phase, spec, one in ordered:
        if phase == MEMORY_LIMIT:
            continue
        (load,), (result,) = one.events["load"], one.events[spec.mode]
        if spec.mode == "accuracy":
            images = sorted(one.events.get("image", []), key=lambda image: (image["stack"], image["z_nm"]))
            times = {key: result[key] for key in ("wall_ns", "cpu_ns", "padded", "workers", "fleet") if key in result}
            accuracy[phase.removeprefix("accuracy ")] = {"images": images, **times, "load": load}
        elif spec.mode == "memory":
            memory = result
        elif spec.mode == "profile":
            profile = result
        elif spec.mode == "count":
            count = result if "instructions" in result else None  # an emulated host over SSH counts none
        elif spec.mode == "sustained":
            sustained = {"load": load, **result, "minutes": one.events["minute"]}
        elif phase == ONE_PATCH:
            single = {"load": load, **result}
        else:
            latency.append({"process": len(latency), "load": load, **result})
    load = (latency or list(accuracy.values()))[0]["load"]
    return {
        "schema": VERSION,
        "id": id,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "edgebench": edgebench.__version__,
        "code_sha256": code_sha256(),
        "model": cell.artifact.model,
        "artifact": cell.artifact.about,
        "backend": {"name": cell.backend, "versions": load["versions"], "executed": load["executed"]},
        "device": {
            "name": device.name,
            "emulated": device.emulated,
            "mode": "ssh" if isinstance(device, Remote) else "emulated" if device.emulated else "on-device",
            "host": finished["memory"].events["host"][0],
            "before": in_time[0].before,
            "after": in_time[-1].after,
        },
        "settings": asdict(cell.settings),
        "data": data.about,
        "processes": [
            {key: getattr(one, key) for key in ("phase", "place", "started", "seconds", "before", "after")}
            for one in in_time
        ],
        "accuracy": accuracy,
        "latency": latency,
        "one_patch": single,
        "memory": memory,
        "profile": profile,
        "count": count,
        "sustained": sustained,
        "memory_limit": finished[MEMORY_LIMIT].events["memory_limit"][0] if MEMORY_LIMIT in finished else None,
    }
