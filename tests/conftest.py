"""What several test modules need: a tiny model in every format, and a tiny data set in the published layout."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

SPLITS = {
    "testRawData_incoherent_sameProtocol": ("s16_l1", "s17_l1"),
    "testRawData_incoherent_diffProtocol": ("s201_l1", "s202_l1"),
}
Z_NM = tuple(range(-1850, 2150, 500))  # 8 planes, 4 pairs 2 um apart
TILES = 4  # of a field of 448x448 px


def _once(base: Path, name: str, make: Callable[[Path], None]) -> Path:
    """A folder made once for all workers of a run."""
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make(folder)
    return folder


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def tiny_models(shared: Path) -> Path:
    """models/ with one model, "tiny", for 32x32 patches, in every format, with card and sidecars."""

    def make(folder: Path) -> None:
        script = Path(__file__).with_name("make_tiny.py")
        made = subprocess.run([sys.executable, str(script), str(folder / "tiny")], capture_output=True, text=True)
        assert made.returncode == 0, made.stderr[-2000:]

    return _once(shared, "tiny_models", make)


@pytest.fixture(scope="session")
def tiny_artifacts(tiny_models: Path) -> dict[str, Path]:
    """Target to file."""
    found = {path.stem: path for path in (tiny_models / "tiny").iterdir() if path.suffix not in (".json", ".bin")}
    return {"keras-float32": found.pop("model"), **found}


@pytest.fixture(scope="session")
def tiny_dataset(shared: Path) -> Path:
    """Root of a data set in the published layout: 2 stacks a test split, 2 training stacks of 2 tiles."""
    return _once(shared, "tiny_dataset", _write_dataset)


def _write_dataset(root: Path) -> None:
    rng = np.random.default_rng(0)
    for split, stacks in SPLITS.items():
        for stack in stacks:
            _write_stack(root / "incoherent_RGBchannels" / split / stack, "", 448, rng)
    for stack in ("s1_l1", "s2_l1"):
        for tile in (1, 2):
            folder = root / "incoherent_RGBchannels" / "train_incoherent_RGBChannels" / stack
            _write_stack(folder, f"Seg{tile}_", 224, rng)


def _write_stack(folder: Path, prefix: str, size: int, rng: np.random.Generator) -> None:
    """Blobs that blur with the distance from focus, and brighten with its sign."""
    folder.mkdir(parents=True, exist_ok=True)
    sharp = cv2.resize(rng.integers(60, 200, (size // 8, size // 8, 3), np.uint8), (size, size))
    for z_nm in Z_NM:
        image = cv2.GaussianBlur(sharp, (0, 0), 0.5 + abs(z_nm) / 1000).astype(np.int16) + z_nm // 400
        assert cv2.imwrite(str(folder / f"{prefix}defocus{z_nm}.jpg"), image.clip(0, 255).astype(np.uint8))


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs `edgebench` with these words: exit code, standard output, standard error."""

    def run(*words):
        from edgebench.cli.main import main

        monkeypatch.setattr(sys, "argv", ["edgebench", *map(str, words)])
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capsys.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return run
