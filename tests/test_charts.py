"""The pictures: what they show is right, labelled, legible without colour, and the same bytes for the same records."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as some
from make_charts import emulated, everything, explained, of_runs, runs, sustained
from make_records import make_record

from edgebench.report.charts import layers, layout, matplotlib, plotly
from edgebench.report.charts.chart import Axis, Chart, Panel, Series, Style, front, words

NAMES = [
    "error-latency", "end-to-end", "error-defocus-precision", "sustained", "layers-reduced-tflite-int8",
    "device-agreement", "error-samples", "predicted-true", "error-macs", "error-defocus", "error-jpeg",
]  # fmt: skip
HOSTILE = '<script>alert(1)</script> $a_b$ & "x" | %{y} \x07 -->'
TAGS = ("<br>", "<b>", "</b>", "<i>", "</i>")


@pytest.fixture(scope="module")
def drawn():
    return {one.name: one for one in everything()}


@pytest.fixture(scope="module")
def hostile():
    return everything(model=HOSTILE)


def texts(value):
    """All strings of a figure, keys apart."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


def panels(drawings):
    return [panel for one in drawings for panel in one.chart.panels]


def test_every_picture_that_the_records_are_enough_for_is_drawn(drawn):
    assert list(drawn) == NAMES


def test_no_picture_is_invented_where_there_is_nothing_to_draw():
    assert of_runs([]) == ()
    names = [one.name for one in of_runs([make_record()])]
    assert names == ["error-latency", "end-to-end", "error-defocus-precision"]


def digests():
    return [
        hashlib.sha256(data).hexdigest()
        for one in everything()
        for data in (
            matplotlib.svg(one.chart).encode(),
            matplotlib.png(one.chart),
            json.dumps(plotly.figure(one.chart), allow_nan=False).encode(),
            f"{one.caption}\n{one.alternative}".encode(),
        )
    ]


def test_the_same_records_give_the_same_bytes_in_another_process():
    code = "import json, sys; sys.path[:0] = sys.argv[1:]; import test_charts; print(json.dumps(test_charts.digests()))"
    root = Path(__file__).parents[1]
    told = subprocess.run(
        [sys.executable, "-c", code, str(root), str(root / "tests"), str(root / "benchmarks")],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": "123"},
    )  # fmt: skip
    assert json.loads(told.stdout) == digests()


def test_a_picture_tells_no_date_no_version_and_no_path(drawn):
    for one in drawn.values():
        svg, png = matplotlib.svg(one.chart), matplotlib.png(one.chart)
        assert not any(word in svg for word in ("dc:date", "Matplotlib v", "matplotlib.org/", "/home", "/tmp"))
        assert b"tEXt" not in png
        assert b"tIME" not in png


@given(some.lists(some.tuples(some.integers(0, 9), some.integers(0, 9)), min_size=1, max_size=30))
def test_the_front_is_what_no_other_point_beats(points):
    def beats(one, other):
        return one != other and one[0] <= other[0] and one[1] <= other[1]

    expected = sorted({point for point in points if not any(beats(other, point) for other in points)})
    assert list(front(tuple(points))) == expected


def test_two_runs_that_tie_on_the_front_are_both_named():
    tie = [make_record(), make_record(target="onnx-float32", backend="onnxruntime")]
    picture = of_runs(tie)[0]
    assert len(picture.chart.panels[0].front) == 1
    assert "(litert) with 0.3" in picture.alternative
    assert "(onnxruntime) with 0.3" in picture.alternative


def test_a_point_is_on_the_front_by_its_value_and_the_caption_says_where_intervals_overlap():
    near = of_runs([make_record(), make_record(target="tflite-int8", errors_um=(0.301, 0.401), call_ms=12.05)])[0]
    assert len(near.chart.panels[0].front) == 1
    assert "1 of 1 in Set 1 and 1 of 1 in Set 2" in near.caption
    far = of_runs([make_record(), make_record(target="tflite-int8", errors_um=(3.0, 3.0), call_ms=40.0)])[0]
    assert "0 of 1 in Set 1 and 0 of 1 in Set 2" in far.caption


def test_an_estimate_is_hollow_has_its_interval_and_stands_on_no_front(drawn):
    picture = drawn["error-latency"]
    for panel in picture.chart.panels:
        (guess,) = [one for one in panel.series if one.style.hollow]
        assert guess.x_low[0] < guess.x[0] < guess.x_high[0]
        assert guess.y[0] < min(y for _, y in panel.front)  # better than all, and yet
        assert "est. " in guess.hover[0]
        assert guess.labels == ("pi4 est.",)
        assert (guess.x[0], guess.y[0]) not in panel.front
    assert "hollow: est. of emulated boards" in picture.chart.labels
    assert matplotlib._MARKERS[guess.style.marker]


def test_an_emulators_times_are_in_no_picture():
    slow = emulated(errors_um=(0.1, 0.1)) | {"latency": make_record(call_ms=777.0)["latency"]}
    names = [one.name for one in of_runs([slow | {"count": None}])]
    assert "error-latency" not in names
    assert "end-to-end" not in names


def test_the_alternative_text_holds_the_figures(drawn):
    found = {
        "error-latency": [
            "3 measured runs, 0.37 to 0.40 um at 0.88 to 5.00 ms",
            "reduced int8 (litert) with",
            "(hollow)",
        ],
        "end-to-end": ["predict 6.4 s", "read + decode 4.8 s", "16.0 s"],
        "error-defocus-precision": ["Set 1: of", "um of defocus with"],
        "sustained": ["12.0 ms", "18.0 ms", "1.50 times"],
        "layers-reduced-tflite-int8": ["0.6000 um", "reduced_0 with 0.5000 um"],
        "error-samples": ["0.19 to 0.42 um over 6 samples"],
        "predicted-true": ["85 images, mean error"],
    }
    for name, parts in found.items():
        for part in parts:
            assert part in drawn[name].alternative, (name, drawn[name].alternative)


def test_a_hover_text_has_interval_verdict_and_footnotes(drawn):
    data = plotly.figure(drawn["error-latency"].chart)["data"]
    found = [text for part in data for text in part.get("hovertext", ()) if "tflite-int8, litert, local" in text]
    assert len(found) == 2
    for text in found:
        assert "verdict: " in text
        assert "[" in text.split("<br>")[1]
        assert "Simulated slides, not tissue" in text


def test_every_axis_has_a_unit_or_names(drawn):
    for panel in panels(drawn.values()):
        for axis in (panel.x, panel.y):
            assert axis.unit or axis.names
    with pytest.raises(ValueError, match="no unit"):
        Axis("time")


def test_every_picture_of_simulated_slides_says_so_in_itself_and_in_its_text(drawn):
    for one in drawn.values():
        assert any("simulated slides" in label for label in one.chart.labels), one.name
        assert "simulated slides" in one.alternative, one.name
    for one in everything(simulated=False):
        assert not any("simulated" in label for label in one.chart.labels), one.name
        assert "simulated" not in one.alternative + one.caption, one.name


def test_a_hostile_name_is_text_in_svg_and_in_plotly(hostile):
    for one in hostile:
        tree = ElementTree.fromstring(matplotlib.svg(one.chart))
        assert not [node for node in tree.iter() if "script" in node.tag.lower()]
        told = texts(plotly.figure(one.chart))
        for text in told:
            bare = text
            for tag in TAGS:
                bare = bare.replace(tag, "")
            assert "<" not in bare
            assert "\x07" not in text
        assert not any("template" in key for part in plotly.figure(one.chart)["data"] for key in part)
    assert any("&lt;script&gt;" in text for one in hostile for text in texts(plotly.figure(one.chart)))


def test_words_are_one_printable_line():
    assert words("a\n b\tc\x00\ud800") == "a b c??"
    assert len(words("x" * 500)) == 80


def test_nothing_is_told_apart_by_colour_alone(drawn):
    for panel in panels(drawn.values()):
        looks = [(s.style.marker, s.style.dash, s.style.hatch, s.style.hollow) for s in panel.series if s.name]
        assert len(set(looks)) == len(looks), panel.title


def test_no_text_is_small_and_none_is_cut_off_and_labels_do_not_overlap(drawn):
    assert layout.WIDTH_IN * 96 <= 830  # px, of a forge's page
    for one in drawn.values():
        with matplotlib.styled():
            figure = matplotlib.figure(one.chart)
            figure.canvas.draw()
        found = figure.findobj(lambda part: hasattr(part, "get_fontsize") and part.get_text())
        shown = [part for part in found if part.get_visible()]
        assert min(part.get_fontsize() for part in shown) >= 8
        whole = figure.bbox
        labels = []
        for part in shown:
            box = part.get_window_extent()
            assert whole.x0 - 1 <= box.x0, (one.name, part.get_text())
            assert box.x1 <= whole.x1 + 1, (one.name, part.get_text())
            labels += [box] if part.get_gid() == "label" else []
        assert not any(a.overlaps(b) for a, b in itertools.combinations(labels, 2)), one.name


def test_every_label_finds_a_place_among_crowded_points():
    spots = tuple(float(at) for at in range(6))
    crowd = Series("a", spots, spots, Style("#0072B2", "circle"), labels=tuple(f"name {at}" for at in range(6)))
    panel = Panel("", Axis("x", "um"), Axis("y", "um"), "points", (crowd,))
    figure = plotly.figure(Chart("t", (panel,)))
    assert sum(one.get("name") == "label" for one in figure["layout"]["annotations"]) == 6


def test_plotly_takes_every_figure_and_sends_nothing(drawn):
    objects = pytest.importorskip("plotly.graph_objects")
    for one in drawn.values():
        figure = plotly.figure(one.chart)
        objects.Figure({"data": figure["data"], "layout": figure["layout"]})  # raises for what it does not know
        assert figure["config"]["showSendToCloud"] is False
        assert "http" not in json.dumps(figure, allow_nan=False)


def test_series_of_unlike_lengths_and_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="2 points"):
        Series("a", (1.0, 2.0), (1.0,), Style("#0072B2"))
    with pytest.raises(ValueError, match="not finite"):
        Series("a", (1.0,), (float("nan"),), Style("#0072B2"))


def test_the_minutes_of_an_emulated_board_are_not_drawn():
    made = sustained(device="pi", emulated=True)
    assert "sustained" not in [one.name for one in of_runs([made])]


def test_layers_are_the_twenty_largest_first():
    (picture,) = layers.pictures([explained(25)])
    alone = picture.chart.panels[0].series[0].x
    assert len(alone) == 20
    assert list(alone) == sorted(alone, reverse=True)
    assert "5 more have less" in picture.caption


def test_devices_that_give_the_same_answers_are_said_to_differ_nowhere_in_what_is_kept():
    same, other = runs()[1], emulated(errors_um=(0.32, 0.43))
    exact = of_runs([same, other])[-1]
    assert exact.name == "device-agreement"
    assert "None differs of reduced int8, pi4 (emulated)." in exact.alternative
    moved = of_runs([same, emulated(errors_um=(0.33, 0.43))])[-1]
    assert "largest difference is" in moved.alternative
    assert "some devices emulated" in moved.chart.labels
