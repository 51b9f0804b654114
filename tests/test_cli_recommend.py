"""edgebench recommend: exit codes, one-line errors, what is said of an estimate, and the JSON document."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_choice import emulated, record

from edgebench.cli import quantities
from edgebench.cli.main import main
from edgebench.errors import UsageError
from edgebench.records import store


@pytest.fixture
def results(tmp_path):
    for made in (record(), record("b", target="tflite-int8", call_ms=6.0), emulated("b", target="tflite-int8")):
        store.save(made, tmp_path)
    return tmp_path


@pytest.fixture
def edgebench(monkeypatch, capsys, results):
    def run(*options):
        monkeypatch.setattr(sys, "argv", ["edgebench", "recommend", "--results", str(results), *options])
        with pytest.raises(SystemExit) as exit:
            main()
        captured = capsys.readouterr()
        return exit.value.code or 0, captured.out, captured.err

    return run


def test_the_choice_comes_with_its_reason_the_runners_up_and_the_refused(edgebench):
    code, out, _ = edgebench("--max-error", "1um", "--max-size", "1MB", "--device", "local")
    assert code == 0
    assert "Choice: reduced tflite-int8, litert, 2 threads, batch 8, local" in out
    assert "It alone meets every limit." in out
    assert "Refused for file size (1):" in out
    assert edgebench("--max-error", "1um", "--device", "local")[1].count("Runners-up") == 1


def test_what_a_decision_is_and_that_the_outcome_is_a_model_are_printed(edgebench):
    out = edgebench()[1]
    assert "A decision is one answer for one field" in out
    assert "A model, not a measurement" in out
    assert "simulated" in out


def test_where_nothing_is_shown_to_meet_the_limits_the_code_is_1_and_what_to_give_up_is_said(edgebench):
    code, out, _ = edgebench("--max-latency-per-patch", "0.1ms", "--device", "local")
    assert code == 1
    assert "Choice: none." in out
    assert "Narrowest: time of a patch below 0.1ms, met by 0 of 2." in out
    line = next(line for line in out.splitlines() if "With --max-latency-per-patch" in line)
    assert edgebench("--max-latency-per-patch", line.split()[2], "--device", "local")[0] == 0


def test_an_answer_for_a_board_that_nobody_has_says_that_it_rests_on_an_estimate(edgebench):
    code, out, _ = edgebench("--device", "raspberrypi", "--max-latency-per-patch", "1s")
    assert code == 0
    assert "no record of a real board, so emulated: pi4" in out
    assert "time of a patch est. " in out
    assert "To settle it: edgebench run reduced/tflite-int8 --device raspberrypi --host USER@BOARD" in out


def test_a_decision_on_an_emulated_board_can_be_met_by_its_estimate(edgebench):
    code, out, _ = edgebench("--device", "pi4", "--max-latency", "100s")
    assert code == 0
    assert "It rests on an estimate (est.)" in out


def test_a_decision_without_preprocessing_is_open_and_what_settles_it_is_said(edgebench, results):
    store.save(emulated("b", target="tflite-int8", field=False), results, force=True)
    code, out, _ = edgebench("--device", "pi4", "--max-latency", "100s")
    assert code == 1
    assert "Open: below the limits by value" in out and "without preprocessing" in out
    assert "To settle the first on a board: edgebench run" in out


def test_the_times_of_the_microscope_can_be_given(edgebench):
    def focus(*options):
        cells = json.loads(edgebench("--device", "local", "--json", *options)[1])
        return cells["choice"]["outcome"]["focus_ms"], cells["sweep"]["outcome"]["focus_ms"]

    slow, fast = focus(), focus("--move-ms", "10", "--settle-ms", "0", "--planes", "5")
    assert fast[0] < slow[0]
    assert fast[1] == pytest.approx(5 * (10 + 23))


def test_the_json_document_has_limits_numbers_statuses_and_cites_records(edgebench, results):
    code, out, _ = edgebench("--max-error", "1um", "--max-size", "1MB", "--device", "local", "--json")
    found = json.loads(out)
    assert code == 0 and found["limits"] == {"error_um": 1.0, "size_bytes": 1e6}
    assert found["simulated"] is True
    device, _, id = found["choice"]["record"].partition("/")
    assert found["choice"]["sha256"] == store.sha256(store.load(store.path_of(results, device, id)))
    assert found["refused"][0]["status"] == {"error_um": "met", "size_bytes": "not met"}
    assert found["choice"]["error_um"]["interval"]["high"] < 1.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--max-error", "0.43"), "--max-error '0.43': a positive number with a unit is wanted"),
        (("--max-error", "0.43mm"), "the unit 'mm' is none of um"),
        (("--max-error=-1um",), "a positive number with a unit is wanted"),
        (("--max-error", "nanum"), "a positive number with a unit is wanted"),
        (("--max-error", "0um"), "a limit is above 0 and finite"),
        (("--max-latency", "10MB"), "the unit 'MB' is none of ms"),
        (("--max-latency", "1e3ms"), "a positive number with a unit is wanted"),
        (("--max-latency-per-patch", "ten ms"), "--max-latency-per-patch 'ten ms'"),
        (("--max-memory", "100mb"), "the unit 'mb' is none of MB"),
        (("--max-size", "1 M B"), "a positive number with a unit is wanted"),
        (("--max-increase", "2%"), "the unit '%' is none of um"),
        (("--set", "test-3"), "Sets there: test-1, test-2"),
        (("--device", "pi9"), "no record of device 'pi9'"),
        (("--results", "nowhere"), "nowhere: no such folder"),
    ],
)
def test_a_wrong_line_is_one_message_and_2(edgebench, options, said):
    code, out, err = edgebench(*options)
    assert (code, out) == (2, "")
    assert said in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "units", "value"),
    [
        ("0.43um", quantities.LENGTHS_UM, 0.43),
        ("0.43 µm", quantities.LENGTHS_UM, 0.43),
        ("0.43μm", quantities.LENGTHS_UM, 0.43),  # the Greek letter
        ("430nm", quantities.LENGTHS_UM, 0.43),
        ("500us", quantities.TIMES_MS, 0.5),
        ("2s", quantities.TIMES_MS, 2000.0),
        ("100MB", quantities.BYTES, 100e6),
        ("100MiB", quantities.BYTES, 100 * 2**20),
        ("1KB", quantities.BYTES, 1000.0),
        ("1.5GB", quantities.BYTES, 1.5e9),
    ],
)
def test_a_quantity_is_read_with_its_unit(text, units, value):
    assert quantities.read("--max", text, units) == pytest.approx(value)


@given(st.text(max_size=12))
def test_any_text_is_a_positive_number_or_refused_in_words(text):
    try:
        value = quantities.read("--max", text, quantities.BYTES)
    except UsageError as error:
        assert str(error).startswith("--max ")
    else:
        assert value is not None and 0 < value < float("inf")


def test_a_number_too_long_to_be_finite_is_refused():
    with pytest.raises(UsageError, match="finite"):
        quantities.read("--max", f"{'9' * 400}um", quantities.LENGTHS_UM)
