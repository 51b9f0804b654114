"""The layers of docs/architecture.md, kept: by the imports written at module level, and by what really gets loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "edgebench"
HEAVY = {
    "tensorflow",
    "keras",
    "onnx",
    "onnxruntime",
    "openvino",
    "ai_edge_litert",
    "tf2onnx",
    "scipy",
    "tabulate",
    "matplotlib",
    "distributed",
}
DEVICE = {"numpy", "cv2", "psutil"}

# Folder (or module): what of edgebench it may import, and which third-party packages.
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "errors": (set(), set()),
    "types": ({"errors"}, set()),
    "files": (set(), set()),
    "extensions": ({"errors"}, set()),
    "focus": ({"errors", "types", "focus"}, {"numpy", "cv2"}),
    "backends": ({"errors", "types", "extensions", "backends"}, {"numpy"}),
    "energy": ({"errors", "energy"}, set()),
    "runner": ({"", "errors", "types", "focus", "backends", "energy", "runner"}, DEVICE),
    "data": ({"", "errors", "files", "types", "focus", "data"}, {"numpy", "cv2", "scipy"}),
    "records": ({"", "errors", "files", "types", "focus", "records"}, {"numpy", "scipy", "jsonschema"}),
    "models": ({"", "errors", "files", "types", "focus", "data", "models"}, {"numpy", "keras", "tensorflow"}),
    "convert": (
        {"", "errors", "files", "types", "extensions", "focus", "data", "models", "quantise", "convert", "backends"},
        {"numpy", "keras"},
    ),
    "quantise": (
        {"", "errors", "files", "types", "focus", "data", "models", "backends", "records", "quantise"},
        {"numpy", "cv2"},
    ),
    "training": (
        {"errors", "files", "focus", "data", "models", "quantise", "training"},
        {"numpy", "distributed"},
    ),
    "emulation": ({"errors", "emulation"}, set()),
    "devices": ({"", "errors", "types", "extensions", "devices", "runner", "emulation"}, {"psutil"}),
    "bench": ({"", "errors", "files", "types", "devices", "records", "bench", "backends", "energy"}, set()),
    "evaluation": (
        {"", "errors", "files", "types", "focus", "data", "models", "backends", "records", "evaluation"},
        {"numpy", "cv2", "scipy"},
    ),
    "report": ({"", "errors", "files", "types", "records", "report"}, {"tabulate", "numpy", "matplotlib"}),
    "selftest": (
        {"", "errors", "files", "types", "backends", "runner", "devices", "bench", "records", "report", "selftest"},
        {"numpy", "cv2", "jsonschema"},
    ),
    "cli": (
        {
            "selftest",
            "energy",
            "",
            "errors",
            "types",
            "cli",
            "report",
            "records",
            "bench",
            "devices",
            "data",
            "models",
            "quantise",
            "convert",
            "backends",
            "evaluation",
            "training",
            "runner",
            "focus",
            "files",
            "extensions",
        },
        {"typer", "rich"},
    ),
}
OWN_RUNTIME = {
    "litert": {"ai_edge_litert"},
    "tflite_runtime": {"tflite_runtime"},
    "onnxruntime": {"onnxruntime"},
    "openvino": {"openvino"},
    "keras": {"keras", "tensorflow"},
    "profile_onnxruntime": {"onnxruntime"},
    "profile_openvino": {"openvino"},
    "tapped_litert": {"ai_edge_litert"},
    "tapped_onnxruntime": {"onnxruntime"},
    "tapped_openvino": {"openvino"},
}


def module_level_imports(file: Path) -> set[str]:
    """Names imported when the module is: not those inside functions, nor those for type checking alone."""
    found: set[str] = set()

    def visit(body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.update(
                    {node.module} if node.module != "edgebench" else {f"edgebench.{a.name}" for a in node.names}
                )
            elif isinstance(node, ast.ClassDef):
                visit(node.body)
            elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
                visit([*node.body, *node.orelse])
            elif isinstance(node, ast.Try):
                visit([*node.body, *node.orelse, *node.finalbody, *(s for h in node.handlers for s in h.body)])

    visit(ast.parse(file.read_text()).body)
    return found


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_its_layer_may(file):
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    if parts == ("__init__",):
        return
    own, third = ALLOWED[parts[0]]
    if parts[0] == "backends":
        third = third | OWN_RUNTIME.get(parts[-1], set())
    for name in module_level_imports(file):
        top, *rest = name.split(".")
        if top == "edgebench":
            inner = rest[0] if rest else ""
            inner = "" if inner == "__version__" else inner
            assert inner in own, f"{file.name} may not import {name}"
        elif top not in sys.stdlib_module_names:
            assert top in third, f"{file.name} may not import {name}"


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_module_is_longer_than_300_lines(file):
    assert len(file.read_text().splitlines()) <= 300


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", ["edgebench.runner.__main__", "edgebench.bench.session", "edgebench.report.build"])
def test_r1_the_measured_process_its_parent_and_the_report_load_no_heavy_module(module):
    heavy = HEAVY - ({"tabulate"} if "report" in module else set())
    assert heavy.isdisjoint(loaded_after(f"import {module}"))


def test_the_command_line_loads_no_heavy_module_before_a_command_runs():
    assert (HEAVY | {"numpy", "cv2"}).isdisjoint(loaded_after("import edgebench.cli.main"))


@pytest.mark.parametrize("folder", ["focus", "backends", "energy", "runner"])
def test_what_runs_on_a_device_is_python_3_9(folder):
    for file in [
        *(PACKAGE / folder).rglob("*.py"),
        *(PACKAGE / f"{name}.py" for name in ("types", "errors", "extensions")),
    ]:
        ast.parse(file.read_text(), feature_version=(3, 9))
