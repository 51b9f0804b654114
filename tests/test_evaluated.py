"""Which evaluations stand in a report, and what marks them."""

from __future__ import annotations

from make_evaluations import make_evaluation

from edgebench.records.evaluation_summary import summarise
from edgebench.report import evaluated


def of_model(sha256, created, **more):
    record = make_evaluation(created=f"2025-01-0{created}T00:00:00Z", **more)
    record["model"]["sha256"] = sha256 * 64
    return record


def ids(view):
    return [one.about["id"] for one in view.main]


def test_the_newest_model_as_trained_says_which_records_of_its_artifacts_are_current():
    """An artifact of the old model, evaluated last of all, does not hide the model that was trained again."""
    trained = of_model("2", 2)
    stale = of_model("1", 3, target="tflite-int8")
    fresh = of_model("2", 1, target="onnx-float32")
    view = evaluated.view([summarise(one) for one in (stale, trained, fresh)])
    assert ids(view) == [trained["id"], fresh["id"]]
    assert view.left_out == (stale["id"],)


def test_of_models_as_trained_on_several_sets_the_newest_is_current():
    old, new = of_model("1", 1, set="another"), of_model("2", 2)
    view = evaluated.view([summarise(one) for one in (new, old)])
    assert view.left_out == (old["id"],)


def test_without_a_record_of_the_model_as_trained_the_newest_artifact_is_current():
    old, new = of_model("1", 1, target="tflite-int8"), of_model("2", 2, target="onnx-float32")
    view = evaluated.view([summarise(one) for one in (new, old)])
    assert ids(view) == [new["id"]]


def test_stacks_that_the_training_showed_are_marked():
    record = make_evaluation() | {"seen_stacks": {"test-1": ["s16_l1", "s101_l1", "not-evaluated"]}}
    one, notes = summarise(record), {}
    assert evaluated.seen(one, "test-1") == ("s101_l1", "s16_l1")
    assert evaluated.seen(one, "test-2") == ()
    assert evaluated.part(one, "test-1", notes) == "[^1]"
    assert evaluated.part(one, "test-2", notes) == ""
    assert list(notes) == [
        "Not unseen: `original` was trained on the objects of 2 of 17 stacks of test-1: s101_l1, s16_l1."
    ]


def test_a_record_of_before_stacks_were_compared_has_no_mark():
    one = summarise(make_evaluation())
    assert evaluated.seen(one, "test-1") == ()
    assert evaluated.part(one, "test-1", {}) == ""
