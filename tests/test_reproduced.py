"""Table 7 reproduced: published, ours, the difference where there is one, and the arithmetic of what follows."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from make_records import MS, image, make_record

from edgebench.records import audit, published, reproduction, speedup
from edgebench.records.summary import summarise
from edgebench.report import reproduced, rows
from edgebench.report import speedup as speed
from edgebench.report.document import Table, text_of
from edgebench.report.markdown import plain

PAPER = Path(__file__).parents[1] / "results" / "published" / "rai-dastidar-2019.json"


@pytest.fixture(scope="module")
def paper():
    return published.load(PAPER)


def original(**changes):
    """30 ms of reading, 20, 120 of prediction and 10 for the rest an image; a call takes 10 times as long."""
    record = make_record(model="original", call_ms=120.0, **changes)
    for part in record["accuracy"].values():
        for one in part["images"]:
            one["predict_ns"] = 120 * MS
        part["wall_ns"] = 180 * MS * len(part["images"])
    return record


def reduced(**changes):
    return make_record(**changes)  # 40 ms of prediction in 100 ms an image, 12 ms a call


def runs(*made):
    return rows.current([summarise(record) for record in made])[0]


def found(paper, *made, notes=None):
    """Rows by quantity and model."""
    table = reproduced.reproduced(paper, runs(*made), {} if notes is None else notes)
    return {(text_of(row[0]), text_of(row[1])): row[2:] for row in table.rows}


def whole_paper(record):
    """As many images as the paper has, real slides; errors of 0.3 um on each, by turns too high and too low."""
    for split, images in reproduced.IMAGES.items():
        stacks = 17 if split == "test-1" else 32
        record["accuracy"][split]["images"] = [
            image(f"s1_l{place % stacks}", 500 * (place // stacks), 0.3 + 0.01 * (place % stacks) * (-1) ** place)
            for place in range(images)
        ]
    return record


def test_every_number_of_the_papers_table_7_stands_beside_ours(paper):
    table = found(paper, original(), reduced())
    assert [plain(cell) for cell in table["Parameters", "original"]] == [
        "2,200,000",
        "2,258,000",
        "+58,000 (+2.6%)",
        "the paper rounds",
    ]
    published_cells = {key: plain(cells[0]) for key, cells in table.items()}
    assert published_cells["Time (s)", "original"] == "270"
    assert published_cells["GPU memory (GB)", "reduced"] == "0.98"
    assert published_cells["Error, Set 2 (um)", "reduced"] == "0.43 ± 0.36"
    assert published_cells["Time, original / reduced", "both"] == "2.7"
    assert published_cells["Error, Set 2, reduced - original (um)", "both"] == "+0.07"


def test_no_difference_of_what_is_not_the_same_and_the_cell_says_why(paper):
    table = found(paper, original(), reduced())
    for quantity in ("Time (s)", "GPU memory (GB)", "Error, Set 1 (um)", "Error, Set 2 (um)"):
        for model in ("original", "reduced"):
            _, _, difference, why = table[quantity, model]
            assert (text_of(difference), difference.value) == ("-", None)
            assert len(plain(why)) > 20
    assert plain(table["Error, Set 1 (um)", "reduced"][3]) == "simulated slides, not the paper's"
    assert "our runs use no GPU" in table["GPU memory (GB)", "original"][3]
    assert table["GPU memory (GB)", "original"][1].value is None


def test_simulated_errors_are_marked(paper):
    notes = {}
    table = found(paper, original(), reduced(), notes=notes)
    mark = next(number for text, number in notes.items() if text.startswith("Simulated slides"))
    for key in (("Error, Set 1 (um)", "original"), ("Error, Set 2, reduced - original (um)", "both")):
        assert f"[^{mark}]" in text_of(table[key][1])


def test_errors_on_as_many_real_images_as_the_papers_have_a_difference_with_our_interval(paper):
    made = [whole_paper(original(simulated=False)), whole_paper(reduced(simulated=False))]
    table = found(paper, *made)
    errors = summarise(made[1]).errors["test-1"]
    _, ours, difference, why = table["Error, Set 1 (um)", "reduced"]
    assert ours.value == errors.mean_um
    assert difference.value == pytest.approx(errors.mean_um - 0.32)
    assert (difference.low, difference.high) == (
        pytest.approx(errors.interval.low - 0.32),
        pytest.approx(errors.interval.high - 0.32),
    )
    assert why == ""
    paired = table["Error, Set 2, reduced - original (um)", "both"]
    assert (paired[1].value, paired[2].value) == (0, pytest.approx(-0.07))


def test_real_slides_of_another_number_are_not_the_papers(paper):
    table = found(paper, original(simulated=False), reduced(simulated=False))
    assert text_of(table["Error, Set 1 (um)", "reduced"][2]) == "-"
    assert table["Error, Set 1 (um)", "reduced"][3] == "other images than the paper's"


def test_the_error_that_reducing_adds_is_paired_image_by_image(paper):
    table = found(paper, original(errors_um=(0.2, 0.4)), reduced(errors_um=(0.3, 0.4)))
    set_1 = table["Error, Set 1, reduced - original (um)", "both"][1]
    assert set_1.value == pytest.approx(0.1 * (1 + 8 / 34))  # errors grow by half along 17 stacks
    assert set_1.low < set_1.value < set_1.high
    set_2 = table["Error, Set 2, reduced - original (um)", "both"][1]
    assert (set_2.value, set_2.low, set_2.high) == (0, 0, 0)


def test_ratios_are_compared_with_those_of_the_paper(paper):
    table = found(paper, original(), reduced())
    _, ours, difference, why = table["Time, original / reduced", "both"]
    assert ours.value == pytest.approx(1.8)  # 180 ms against 100 ms an image
    assert difference.value == pytest.approx(1.8 - 2.7)
    assert "n = 1 process" in why
    parameters = table["Parameters, original / reduced", "both"]
    assert parameters[1].value == pytest.approx(2_258_000 / 525_809)
    assert parameters[2].value == pytest.approx(2_258_000 / 525_809 - 4.4)


def test_a_model_that_nobody_measured_is_not_run_and_no_ratio_is_made_of_it(paper):
    table = found(paper, reduced())
    for quantity in ("Parameters", "Time (s)", "Error, Set 1 (um)"):
        assert text_of(table[quantity, "original"][1]) == "not run"
    for quantity in ("Time, original / reduced", "Parameters, original / reduced"):
        assert [text_of(cell) for cell in table[quantity, "both"][1:3]] == ["not run", "-"]
    nothing = found(paper)
    assert all(text_of(cells[1]) in ("not run", "-") for cells in nothing.values())


def test_r32_an_emulated_run_gives_no_time(paper):
    table = found(paper, original(device="pi4", emulated=True), reduced(device="pi4", emulated=True))
    for model in ("original", "reduced"):
        assert [text_of(cell) for cell in table["Time (s)", model][1:3]] == ["-", "-"]
        assert table["Time (s)", model][3] == "emulated: no time is measured"
    assert text_of(table["Time, original / reduced", "both"][1]) == "not run"


def names_of(*made):
    return {name: run.record["id"] for name, run in reproduction.stand_ins(runs(*made)).items()}


def test_the_two_models_are_taken_from_one_runtime_that_has_both():
    keras = reduced(target="keras-float32", backend="litert")
    assert names_of(keras, original(), reduced()) == {"original": original()["id"], "reduced": reduced()["id"]}
    assert names_of(keras) == {"reduced": keras["id"]}


def test_float32_on_a_real_machine_stands_before_int8_and_before_an_emulated_run():
    others = [
        one(target=target, device=device, emulated=device == "pi4")
        for one in (original, reduced)
        for target, device in (("tflite-int8", "local"), ("tflite-float32", "pi4"))
    ]
    found = reproduction.stand_ins(runs(*others, original(), reduced()))
    assert {(run.record["artifact"]["target"], run.record["device"]["name"]) for run in found.values()} == {
        ("tflite-float32", "local")
    }


def test_a_run_of_the_whole_set_stands_before_a_newer_one_of_a_few_images():
    newer = reduced(threads=1) | {"created": "2026-01-02T03:04:05Z"}
    newer["settings"]["images"] = 5
    for part in newer["accuracy"].values():
        part["images"] = part["images"][:5]
    assert reproduction.stand_ins(runs(newer, reduced()))["reduced"].record["settings"]["threads"] == 2


def test_the_speed_up_of_a_call_has_an_interval_over_processes():
    (one,) = speedup.speedups(runs(original(), reduced()), "test-2")
    assert one.call.value == pytest.approx(10)
    spread = 0.004 * math.sqrt(2.5)  # standard deviation of the logarithms of five process medians, nearly
    half = 2.306 * spread * math.sqrt(2 / 5)  # Welch of two equal ones: Student, 8 degrees of freedom
    assert one.call.found.low == pytest.approx(10 * math.exp(-half), rel=1e-3)
    assert one.call.found.high == pytest.approx(10 * math.exp(half), rel=1e-3)


def test_the_ratio_of_arithmetic_is_the_product_of_its_parts_and_the_sentence_says_so(paper):
    (one,) = speedup.speedups(runs(original(), reduced()), "test-2")
    assert one.arithmetic == pytest.approx(299.5 / 21.2)
    assert one.split.predict == pytest.approx(3)  # 120 ms against 40 ms
    assert one.split.whole == pytest.approx(1.8)
    assert one.split.rest_s == (pytest.approx(160 * 0.06), pytest.approx(160 * 0.06))
    assert one.arithmetic * one.split.kept(one.arithmetic) * one.split.left == pytest.approx(1.8)
    sentence = speed.where_it_goes(runs(original(), reduced()))
    assert "14.1 x 0.21 x 0.60 = 1.8." in sentence
    assert "9.6 s of the original's time and 9.6 s of the reduced model's are no prediction" in sentence
    assert sentence.count(". ") == 0
    assert speed.where_it_goes(runs(reduced())) is None
    assert speed.where_it_goes(runs(*(one(device="pi4", emulated=True) for one in (original, reduced)))) is None


def gains(paper, *made):
    table = speed.table(paper, runs(*made), {})
    return {plain(row[0]): dict(zip(map(plain, table.headers), row)) for row in table.rows}


def test_each_runtime_and_precision_with_both_models_has_a_row_below_the_papers(paper):
    table = gains(paper, original(), reduced(), reduced(target="tflite-int8"), original(target="onnx-float32"))
    assert list(table) == ["paper", "tflite-float32, local"]
    assert table["paper"]["End to end"].value == pytest.approx(2.7)
    assert table["paper"]["Arithmetic"].value == pytest.approx(14.127, abs=1e-3)
    assert plain(table["paper"]["Not predict, original (s)"]) == "about 87"
    ours = table["tflite-float32, local"]
    assert text_of(ours["Call, p50 [95 %]"]) == "10.0 [9.9, 10.1]"
    assert [ours[name].value for name in ("Predict", "End to end")] == [pytest.approx(3), pytest.approx(1.8)]


def test_two_processes_give_a_ratio_without_an_interval(paper):
    table = gains(paper, original(processes=2), reduced(processes=2))
    cell = table["tflite-float32, local"]["Call, p50 [95 %]"]
    assert plain(cell) == "10.0"
    assert cell.low is None


def test_runs_of_other_threads_are_not_set_against_each_other(paper):
    assert list(gains(paper, original(threads=1), reduced(threads=4))) == ["paper"]


def test_r32_an_emulated_board_has_instructions_and_no_ratio_of_times(paper):
    made = []
    for one, total in ((original, 960e6), (reduced, 80e6)):
        record = one(device="pi4", emulated=True, threads=1)
        record["count"] = {"instructions": [{"total": total, "l1_misses": 1e6, "l2_misses": 1e5}]}
        made.append(record)
    row = gains(paper, *made)["tflite-float32, pi4 (emulated)"]
    assert row["Instructions"].value == pytest.approx(12)
    assert [text_of(cell) for cell in list(row.values())[3:]] == ["emulated"] * 5


def test_other_numbers_of_patches_give_no_ratio_end_to_end(paper):
    fewer = reduced()
    fewer["accuracy"]["test-2"]["images"] = fewer["accuracy"]["test-2"]["images"][:-1]
    row = gains(paper, original(), fewer)["tflite-float32, local"]
    assert [text_of(row[name]) for name in ("Predict", "End to end")] == ["not run"] * 2


def test_the_papers_split_is_what_two_equations_say(paper):
    one = speedup.of_paper(paper)
    assert one.rest_s + one.predict_s == pytest.approx(270)
    assert one.rest_s + one.predict_s / one.arithmetic == pytest.approx(100)
    assert one.rest_s == pytest.approx(87, abs=0.5)


def test_the_papers_numbers_are_calculated_from_its_own_tables(paper):
    checks = {one.what: one for one in audit.checks(paper)}
    assert {what: one.found for what, one in checks.items()} == {
        "Patches of set 2": f"{32 * 41 * 20:,}",
        "Patches by the pair rule": f"{32 * 37 * 20:,}",
        "Error of the best constant answer (um)": "4.62",
        "Mean of Table 3 (um)": "0.261",
        "Mean of Table 4 (um)": "0.638",
        "Mean of Table 5 (um)": "0.239",
        "Mean of Table 6 (um)": "0.394",
        "95 % interval of set 2 over its 7 samples (um)": "0.39 +- 0.12",
        "Error of set 2, reduced - original (um)": "0.07",
        "Arithmetic, original / reduced": "14.1",
        "Time, original / reduced": "2.7",
        "Prediction of the original (s)": "183",
        "Neither model (s)": "87",
        "The same, an image (ms)": "66",
        "Parameters, original, flattened head": "2,320,705",
        "Parameters, original, pooled head": "2,259,265",
        "Parameters, original / reduced": "4.4",
        "GPU memory, original / reduced": "2.2",
    }
    labels = [-8 + 0.5 * plane for plane in range(37)]  # 37 of 41 planes have a partner
    assert sum(abs(label - 1) for label in labels) / 37 == pytest.approx(4.62, abs=0.005)
    assert checks["Mean of Table 6 (um)"].printed == "0.36"


def test_the_remarks_say_what_the_arithmetic_gives(paper):
    said = " ".join(paper.remarks.values())
    for one in audit.checks(paper):
        if not one.what.startswith(("Parameters", "GPU", "Error of", "Prediction")):
            assert one.found in said, one


def test_the_audit_stands_as_facts_and_as_arithmetic(paper):
    blocks = reproduced.audit(paper)
    (table,) = (block for block in blocks if isinstance(block, Table))
    assert all(len(row) == 4 for row in table.rows)
    assert ("Patches by the pair rule", "32 x (41 - 4) x 20", "23,680", "-") in table.rows
