"""docs/extending.md is tried: its code makes a package, which adds a backend, a target and a device by entry points."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import foreign_models
import pytest
import tomllib

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/extending.md").read_text()
CODE = "from edgebench.cli.main import main; main()"


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """The package of the page as pip would install it: its modules, and what pyproject.toml says of entry points."""
    folder = tmp_path_factory.mktemp("site")
    files = dict(re.findall(r"```(?:python|toml)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    points = tomllib.loads(files["pyproject.toml"])["project"]["entry-points"]
    info = folder / "unpacked-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: unpacked\nVersion: 0.1\n")
    lines = [f"[{group}]\n" + "".join(f"{a} = {b}\n" for a, b in of.items()) for group, of in points.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return folder


@pytest.fixture
def edgebench(package, tmp_path):
    def call(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(package), str(ROOT)])
        done = subprocess.run(
            [sys.executable, "-c", CODE, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stderr
        return done

    return call


def test_the_page_has_every_file_that_it_lists(package):
    listed = re.findall(r"^  (\S+)$", PAGE, re.MULTILINE)
    assert len(listed) == 5
    for name in listed:
        assert (package / name).is_file()


def test_the_target_is_converted_the_backend_runs_it_and_the_device_measures_it(
    edgebench, tiny_models, tiny_dataset, tmp_path
):
    (tmp_path / "models/tiny").mkdir(parents=True)
    for name in ("model.keras", "card.json"):
        (tmp_path / "models/tiny" / name).write_bytes((tiny_models / "tiny" / name).read_bytes())
    patches = foreign_models.npz(tmp_path / "patches.npz", 256, 1)
    edgebench("convert", "tiny", "--to", "onnxz-float32", "--data", patches)
    sidecar = json.loads((tmp_path / "models/tiny/onnxz-float32.json").read_text())
    assert sidecar["options"]["packed"] == "gzip"
    few = ("--images", 2, "--repeats", 1, "--iterations", 5)
    done = edgebench("run", "tiny/onnxz-float32", "--data", tiny_dataset, "--device", "polite", *few, "--json")
    (cell,) = json.loads(done.stdout)["cells"]
    assert (cell["backend"], cell["device"]["name"]) == ("unpacked", "polite")
    record = json.loads((tmp_path / cell["record"]).read_text())
    assert record["backend"]["executed"]["packed"] == "gzip"
    assert "tiny" in edgebench("report", "--out", tmp_path / "pages").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "x.onnxz", "--backend", "unpaked"], "no backend 'unpaked'. Backends: litert, "),
        (["convert", "--to", "onnxz"], "no target 'onnxz'. Targets: tflite-float32, "),
        (["run", "--device", "polit"], "no device 'polit'. Devices: local, "),
    ],
)
def test_a_typo_lists_ours_and_theirs(edgebench, arguments, said):
    error = edgebench(*arguments, code=2).stderr
    assert said in error
    assert re.search(r"unpacked|onnxz-float32|polite", error.partition(said)[2])
    assert error.count("\n") == 1


def test_a_package_that_does_not_give_what_it_names_is_one_line(edgebench, package):
    points = package / "unpacked-0.1.dist-info/entry_points.txt"
    kept = points.read_text()
    points.write_text(kept.replace("unpacked:BACKEND", "unpacked:TARGET"))
    try:
        error = edgebench("run", "x.onnxz", "--backend", "unpacked", code=2).stderr
    finally:
        points.write_text(kept)
    assert "edgebench.backends 'unpacked': unpacked:TARGET is of type Target, not Entry" in error
    assert error.count("\n") == 1
