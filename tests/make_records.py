"""Valid records with chosen errors, for the tests: small, made up, and the same on every machine."""

from __future__ import annotations

from typing import Any

SHA = {name: (f"{number:x}" * 64)[:64] for number, name in enumerate(("model", "artifact", "data", "code"), 10)}
SAMPLES = {
    "test-1": {"s16": 4, "s17": 2, "s101": 1, "s102": 6, "s103": 2, "s104": 2},
    "test-2": {"s201": 1, "s202": 3, "s203": 5, "s204": 6, "s205": 6, "s206": 5, "s207": 6},
}
Z_NM = (-8000, -3000, 0, 4000, 9000)
MS = 1_000_000
VERSIONS = {  # by backend
    "litert": ("ai-edge-litert", "2.3.0"),
    "onnxruntime": ("onnxruntime", "1.22.0"),
    "openvino": ("openvino", "2025.2.0"),
}


def image(stack: str, z_nm: int, error_um: float, tiles: int = 4) -> dict[str, Any]:
    """One image whose median answer is off by exactly error_um; its tiles spread by 0.1 um around that."""
    spread = [0.1 * (tile - (tiles - 1) / 2) for tile in range(tiles)]
    return {
        "stack": stack,
        "sample": stack.split("_")[0],
        "z_nm": z_nm,
        "patches_um": [z_nm / 1000 + error_um + away for away in spread],
        "read_ns": 30 * MS,
        "preprocess_ns": 20 * MS,
        "predict_ns": 40 * MS,
        "aggregate_ns": 1 * MS,
    }


def load_event() -> dict[str, Any]:
    return {
        "import_ns": 250 * MS,
        "load_ns": 40 * MS,
        "first_ns": 30 * MS,
        "executed": {"delegate": "XNNPACK", "operators": {"CONV_2D float32": 35}},
        "versions": {"ai-edge-litert": "2.3.0"},
    }


def made(precision: str) -> dict[str, Any]:
    """What a sidecar says of the conversion."""
    int8 = precision == "int8"
    return {
        "options": {"route": "from_concrete_functions"},
        "versions": {"tensorflow": "2.19.0"},
        "calibration": {"split": "train", "count": 256, "seed": 0} if int8 else None,
        "parity": {"patches": 256, "mean_um": 0.061 if int8 else 2.1e-6, "max_um": 0.42 if int8 else 1.3e-5},
    }


def accuracy(split: str, error_um: float) -> dict[str, Any]:
    """Errors alternate in sign and grow along the stacks: error_um at the first, half as much again at the last."""
    stacks = [f"{sample}_l{n + 1}" for sample, fields in SAMPLES[split].items() for n in range(fields)]
    images = [
        image(stack, z_nm, error_um * (1 + number / (2 * len(stacks))) * (-1 if step % 2 else 1))
        for number, stack in enumerate(stacks)
        for step, z_nm in enumerate(Z_NM)
    ]
    return {
        "images": images,
        "wall_ns": 100 * MS * len(images),
        "cpu_ns": 130 * MS * len(images),
        "padded": 0,
        "load": load_event(),
    }


def process(number: int, *, calls: int = 400, call_ms: float = 12.0, wall_s: float = 15.0) -> dict[str, Any]:
    median_ns = call_ms * MS * (1 + 0.004 * (number - 2))
    return {
        "process": number,
        "load": load_event(),
        "samples_ns": [int(median_ns * (1 + 0.0005 * (call % 21 - 10))) for call in range(calls)],
        "warmup_calls": 40,
        "wall_ns": int(wall_s * 1000 * MS),
        "cpu_ns": int(1.9 * wall_s * 1000 * MS),
        "distinct_patches": 64,
    }


def make_record(
    *,
    model: str = "reduced",
    target: str = "tflite-float32",
    backend: str = "litert",
    device: str = "local",
    threads: int = 2,
    batch_size: int = 8,
    errors_um: tuple[float, float] = (0.3, 0.4),
    processes: int = 5,
    calls: int = 400,
    call_ms: float = 12.0,
    simulated: bool = True,
    emulated: bool = False,
) -> dict[str, Any]:
    """A whole record; errors_um are those of test-1 and test-2 at their first stacks."""
    form, precision = target.split("-")
    executed = load_event()["executed"] | {"operators": {f"CONV_2D {precision}": 35}}
    return {
        "schema": 1,
        "id": f"{model}_{target}_{backend}_b{batch_size}_t{threads}_0123abcd",
        "created": "2025-01-02T03:04:05Z",
        "edgebench": "0.1.0",
        "code_sha256": SHA["code"],
        "model": {
            "name": model,
            "alpha": 0.4 if model == "reduced" else 1.0,
            "input_size": 112 if model == "reduced" else 224,
            "parameters": 525_809 if model == "reduced" else 2_258_000,
            "macs": 21_200_000 if model == "reduced" else 299_500_000,
            "sha256": SHA["model"],
        },
        "artifact": {
            "target": target,
            "format": form,
            "precision": precision,
            "bytes": 2_100_000 if precision == "float32" else 700_000,
            "sha256": SHA["artifact"],
            "files": [{"name": f"{target}.tflite", "bytes": 2_100_000, "sha256": SHA["artifact"]}],
            "made": made(precision),
        },
        "backend": {"name": backend, "versions": {VERSIONS[backend][0]: VERSIONS[backend][1]}, "executed": executed},
        "device": {
            "name": device,
            "emulated": emulated,
            "host": {
                "python": "3.11.7",
                "platform": "Linux-6.1",
                "machine": "x86_64",
                "cpu": "Example CPU @ 2.00GHz",
                "cpu_flags": ["avx2"],
                "cores": 2,
                "memory_bytes": 8 * 2**30,
                "threads": threads,
                "affinity": [0, 1],
                "versions": {"numpy": "2.2.0", "opencv": "4.11.0"},
            },
            "before": {"load": 0.1},
            "after": {"load": 1.2},
        },
        "settings": {
            "batch_size": batch_size,
            "threads": threads,
            "images": 0,
            "repeats": processes,
            "iterations": calls,
            "rotation": 64,
            "seed": 0,
            "delta_nm": 2000,
            "page_cache": "warm",
        },
        "data": {
            "name": "made-up slides",
            "simulated": simulated,
            "seed": 7 if simulated else None,
            "sha256": SHA["data"],
            "rule": "a plane with a partner exactly 2 um above it makes one image of 4 patches",
            "splits": {
                split: {"stacks": n, "images": n * len(Z_NM), "patches": n * len(Z_NM) * 4}
                for split, n in ((split, sum(of.values())) for split, of in SAMPLES.items())
            },
        },
        "accuracy": {split: accuracy(split, um) for split, um in zip(SAMPLES, errors_um)},
        "latency": [process(number, calls=calls, call_ms=call_ms) for number in range(processes)],
        "memory": {
            "stages": {
                name: {"rss_bytes": mib * 2**20, "pss_bytes": mib * 2**20, "uss_bytes": mib * 2**20}
                for name, mib in (("interpreter", 12), ("imports", 60), ("load", 70), ("first", 80), ("steady", 82))
            },
            "peak_rss_bytes": 85 * 2**20,
        },
    }
