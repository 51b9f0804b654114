"""OpenVINO IR on disk, without the text that no runtime reads: of a small int8 model the graph is a third."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree


def save(model: Any, file: Path, *, float16: bool = False, final: bool = False) -> None:
    """Write an `ov.Model` as `file` (.xml) and its .bin, without indentation; float16 compresses the weights.

    final: nothing is quantised from this file, so that names of constants, of FakeQuantize and of inner tensors go too,
    and what NNCF notes for itself; the names of the operators stay, by which layers are found.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it reports over the network
    import openvino

    if final:
        _without_names(model)
    openvino.save_model(model, file, compress_to_fp16=float16)
    tree = ElementTree.parse(file)
    for element in tree.iter():
        element.text, element.tail = (element.text or "").strip() or None, None
    if final:
        for notes in tree.findall("rt_info/nncf"):
            tree.find("rt_info").remove(notes)  # type: ignore[union-attr]
    file.write_bytes(ElementTree.tostring(tree.getroot(), "utf-8", xml_declaration=True).replace(b" />", b"/>"))


def _without_names(model: Any) -> None:
    """Constants, what is computed of them alone, and FakeQuantize by their place; others keep their names."""
    border = {op.get_friendly_name() for op in (*model.get_parameters(), *model.get_results())}
    border |= {op.input_value(0).get_node().get_friendly_name() for op in model.get_results()}
    constant: set[str] = set()
    for place, op in enumerate(model.get_ordered_ops()):
        sources = {op.input_value(i).get_node().get_friendly_name() for i in range(op.get_input_size())}
        if op.get_friendly_name() in border:
            continue
        if sources <= constant:
            op.set_friendly_name(f"c{place}")
            constant.add(f"c{place}")
        elif op.get_type_name() == "FakeQuantize":
            op.set_friendly_name(f"q{place}")
        for output in op.outputs():
            output.get_tensor().set_names(set())
