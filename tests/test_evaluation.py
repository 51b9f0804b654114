"""Evaluating models: what they are shown, what is kept, and what is done again."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import make_stacks
import numpy as np
import pytest
from make_evaluations import SIZE, folder

import edgebench
from edgebench.backends import base as backends
from edgebench.data import jiang2018
from edgebench.errors import DatasetError, ModelError, RecordError, UsageError
from edgebench.evaluation import planes, predict, provenance, session, subjects
from edgebench.evaluation.planes import Look
from edgebench.evaluation.predict import Loaded
from edgebench.evaluation.session import Plan
from edgebench.evaluation.subjects import Subject
from edgebench.focus import aggregate, images, preprocess
from edgebench.records import evaluation as records

MACHINE = {"cpu": "Made up 3000", "cores": 4}
Z_NM = range(-2000, 2001, 1000)  # 3 pairs 2 um apart: labels 0, 1000, 2000


class FirstPixel:
    """Answers the first number of each patch, so that every answer is known."""

    def __init__(self, model=None, *, batch_size=0, threads=0):
        self.shapes = []

    def predict(self, x):
        self.shapes.append(x.shape)
        return x[:, 0, 0, 0]

    def versions(self):
        return {"first-pixel": "1"}


def loaded(kind="difference", size=SIZE, backend=None):
    model = {"name": "m", "sha256": "a" * 64, "kind": kind, "alpha": None, "input_size": size}
    subject = Subject(Path("m"), "keras", None, None, {**model, "parameters": 1, "macs": 1})
    return Loaded(subject, backend or FirstPixel())


@pytest.fixture
def root(tmp_path):
    """Set 1 with two stacks of 448x224 px, so 2 tiles an image; Set 2 with one."""
    base = tmp_path / "data" / "incoherent_RGBchannels"
    for seed, (split, stack) in enumerate((("SAME", "s16_l1"), ("SAME", "s17_l1"), ("DIFFERENT", "s201_l1"))):
        make_stacks.images(base / getattr(make_stacks, split) / stack, Z_NM, size=(448, 224), seed=seed)
    make_stacks.manifest(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def stacks(root):
    return jiang2018.stacks(root, "test-1")


@pytest.fixture
def run(root, tmp_path, monkeypatch):
    """Evaluate models/a (and others named) with FirstPixel in the place of every runtime."""
    made = []

    def load(name):
        made.append(name)
        return FirstPixel

    monkeypatch.setattr(backends, "load", load)
    folder(tmp_path / "models", "a")

    def call(*names, data=root, machine=MACHINE, **plan):
        chosen = [subjects.find(name, tmp_path / "models") for name in names or ("a",)]
        return list(session.evaluate(chosen, data, tmp_path / "results", Plan(**plan), machine=machine))

    call.loads = made
    return call


def pair(stack, z_nm):
    at = {plane.z_nm: images.read_image(plane.path) for plane in stack.planes}
    return at[z_nm - 2000], at[z_nm]


@pytest.mark.parametrize("kind", ["difference", "single"])
@pytest.mark.parametrize("batch", [1, 5, 64])
def test_every_tile_gets_the_answer_to_its_own_patch_whatever_the_batch(stacks, monkeypatch, kind, batch):
    monkeypatch.setattr(predict, "BATCH", batch)
    model = loaded(kind)
    (found,) = predict.run([model], stacks)
    assert [(image["stack"], image["z_nm"]) for image in found] == [
        (stack, z) for stack in ("s16_l1", "s17_l1") for z in (0, 1000, 2000)
    ]
    for image, stack in zip(found, [stacks[0]] * 3 + [stacks[1]] * 3):
        lower, upper = pair(stack, image["z_nm"])
        patches = preprocess.patches(lower, upper, SIZE, kind)
        assert image["patches_um"] == pytest.approx(patches[:, 0, 0, 0], abs=5.1e-4)  # kept to 1 nm
        difference = preprocess.pair_tiles(lower, upper)  # whatever the model looks at
        assert image["contrast"] == pytest.approx(aggregate.contrast(difference), abs=0.051)  # a tenth of a grey value
    assert set(model.backend.shapes) == {(batch, SIZE, SIZE, 3)}


def test_models_of_all_kinds_and_sizes_share_one_decoding_of_each_plane(stacks, monkeypatch):
    read = []
    monkeypatch.setattr(images, "read_image", lambda path, real=images.read_image: (read.append(path), real(path))[1])
    models = [loaded(), loaded(), loaded(size=8), loaded("single")]
    found = predict.run(models, stacks)
    assert sorted(read) == sorted(plane.path for stack in stacks for plane in stack.planes)
    assert found[0] == found[1]
    assert found[0] != found[2]
    assert found[3] == predict.run([models[3]], stacks)[0]


def test_a_jpeg_quality_is_that_of_every_plane_before_all_else(stacks):
    (image, *_) = planes.read(stacks, [Look("difference", SIZE)], 40, 2)
    options = [cv2.IMWRITE_JPEG_QUALITY, 40, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]

    def compressed(rgb):
        data = cv2.imencode(".jpg", rgb[..., ::-1], options)[1]
        return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]

    lower, upper = (np.ascontiguousarray(compressed(plane)) for plane in pair(stacks[0], 0))
    np.testing.assert_array_equal(image.inputs[Look("difference", SIZE)], preprocess.patches(lower, upper, SIZE))
    assert predict.run([loaded()], stacks) != predict.run([loaded()], stacks, quality=40)


def test_progress_counts_the_images(stacks):
    told = []
    predict.run([loaded()], stacks, progress=lambda done, total: told.append((done, total)))
    assert told == [(n, 6) for n in range(1, 7)]


def test_an_answer_that_is_no_number_names_stack_and_defocus(stacks, monkeypatch):
    class Broken(FirstPixel):
        def predict(self, x):
            answers = super().predict(x).copy()
            if len(self.shapes) == 3:  # patches 8 to 11: images 4 and 5, s17_l1 at 0 and 1 um
                answers[3] = np.nan
            return answers

    monkeypatch.setattr(predict, "BATCH", 4)
    with pytest.raises(ModelError, match=r"m: answers nan to a tile of stack s17_l1, z \+2\.00 um"):
        predict.run([loaded(backend=Broken())], stacks)


def test_an_unreadable_plane_is_the_error_of_the_whole(stacks):
    stacks[1].planes[2].path.write_bytes(b"")
    with pytest.raises(DatasetError, match="defocus0"):
        predict.run([loaded()], stacks)


def test_stacks_without_a_pair_are_an_error(stacks):
    alone = replace(stacks[0], planes=stacks[0].planes[:2])
    with pytest.raises(DatasetError, match="2 um apart"):
        predict.run([loaded()], [alone])


def test_a_record_holds_all_answers_and_where_they_come_from(run, root, stacks):
    (outcome,) = run()
    record = records.load(outcome.path)
    assert outcome.path.name == "a_simulated.json"
    assert not outcome.skipped
    assert {split: len(of) for split, of in record["splits"].items()} == {"test-1": 6, "test-2": 3}
    assert record["splits"]["test-1"] == predict.run([loaded()], stacks)[0]
    assert record["model"] | {"sha256": ""} == {
        "name": "a",
        "sha256": "",
        "kind": "difference",  # where a card has none
        "alpha": 0.4,
        "input_size": SIZE,
        "parameters": 5,
        "macs": 7,
        "trained_on": [],
    }
    assert record["backend"] == {"name": "keras", "versions": {"first-pixel": "1"}, "target": None, "sha256": None}
    assert record["data"]["sha256"] == hashlib.sha256((root / "dataset.json").read_bytes()).hexdigest()
    assert record["data"]["splits"]["test-1"] == {"stacks": 2, "images": 6, "patches": 12}
    assert (record["jpeg_quality"], record["jpeg_sampling"], record["stacks_limit"]) == (None, None, None)
    assert record["sample_name"] == {"test-1": {}, "test-2": {}}  # not the paper's counts
    assert record["code"] == provenance.code_sha256("keras")
    assert record["machine"] == {"cpu": "Made up 3000", "cores": 4, "threads": predict.threads()}
    assert record["seen_stacks"] == {}


def test_one_image_is_one_line(run):
    (outcome,) = run()
    lines = outcome.path.read_text().splitlines()
    assert sum("patches_um" in line for line in lines) == 9
    assert len(lines) < 100


def test_what_is_there_is_not_done_again_unless_forced(run):
    run()
    (outcome,) = run()
    assert outcome.skipped
    assert run.loads == ["keras"]
    (outcome,) = run(force=True)
    assert not outcome.skipped
    assert run.loads == ["keras"] * 2


def test_another_model_under_the_name_replaces_the_record(run, tmp_path):
    (outcome,) = run()
    old = records.load(outcome.path)
    folder(tmp_path / "models", "a", weights=b"trained again")
    (outcome,) = run(splits=("test-1",))
    new = records.load(outcome.path)
    assert not outcome.skipped
    assert new["model"]["sha256"] != old["model"]["sha256"]
    assert list(new["splits"]) == ["test-1"]  # the other split was the old model's


@pytest.fixture
def other_code(monkeypatch):
    monkeypatch.setattr(provenance, "code_sha256", lambda backend: "e" * 64)


def test_answers_of_other_code_are_made_again(run, request):
    (outcome,) = run()
    request.getfixturevalue("other_code")
    (again,) = run(splits=("test-1",))
    assert (again.path, again.skipped) == (outcome.path, False)
    record = records.load(again.path)
    assert record["code"] == "e" * 64
    assert list(record["splits"]) == ["test-1"]  # the other split was made by the old code
    assert run(splits=("test-1",))[0].skipped


def without_code(path):
    record = records.load(path)
    del record["code"], record["machine"]
    path.write_text(records.render(record))


def test_a_record_that_tells_no_code_counts_as_done_and_does_not_get_one_for_a_part(run):
    (outcome,) = run(splits=("test-2",))
    without_code(outcome.path)
    assert run(splits=("test-2",))[0].skipped
    run()
    added = records.load(outcome.path)
    assert sorted(added["splits"]) == ["test-1", "test-2"]
    assert not {"code", "machine"} & added.keys()
    run(force=True)
    assert {"code", "machine"} <= records.load(outcome.path).keys()


def test_a_machine_is_named_only_where_it_answered_all_splits(run):
    run(splits=("test-1",))
    (outcome,) = run(machine={"cpu": "Another"})
    record = records.load(outcome.path)
    assert sorted(record["splits"]) == ["test-1", "test-2"]
    assert "machine" not in record
    assert "code" in record


@pytest.mark.parametrize("name", provenance._SOURCES)
def test_each_source_that_decides_an_answer_is_in_the_code_hash(monkeypatch, tmp_path, name):
    copy = shutil.copytree(Path(edgebench.__file__).parent, tmp_path / "edgebench")
    monkeypatch.setattr(edgebench, "__file__", str(copy / "__init__.py"))
    before = provenance.code_sha256("litert")
    assert before != provenance.code_sha256("keras")
    (copy / "backends/keras.py").write_text("# another runtime")
    (copy / "report/tables.py").write_text("# no answer depends on it")
    assert provenance.code_sha256("litert") == before
    (copy / name).write_text("# changed")
    assert provenance.code_sha256("litert") != before


def simulated_from(root, images, **more):
    """dataset.json as of real images: {stack: name}, their hashes a digit repeated."""
    path = make_stacks.manifest(root, **more)
    about = json.loads(path.read_text())
    stacks = {name: stack for split in about["splits"].values() for name, stack in split["stacks"].items()}
    for stack, name in images.items():
        stacks[stack]["parameters"]["image"] = name
    about["objects"] = {name: name[0] * 64 for name in images.values()}
    path.write_text(json.dumps(about))


def test_stacks_whose_object_the_training_showed_are_recorded(run, root, tmp_path):
    simulated_from(root, {"s16_l1": "1.png", "s17_l1": "2.png", "s201_l1": "1.png"})
    card = tmp_path / "models/a/card.json"
    objects = {"renamed.png": "1" * 64, "3.png": "3" * 64}
    learnt = {"name": "t", "simulated": True, "sha256": "0" * 64}
    card.write_text(json.dumps(json.loads(card.read_text()) | {"data": [{**learnt, "setup": {"objects": objects}}]}))
    folder(tmp_path / "models", "b")
    (outcome, other) = run("a", "b", splits=("test-1",))
    assert outcome.seen_stacks == {"test-1": ["s16_l1"]}
    assert records.load(outcome.path)["model"]["trained_on"] == [{**learnt, "objects": 2}]
    assert records.load(outcome.path)["seen_stacks"] == {"test-1": ["s16_l1"], "test-2": ["s201_l1"]}
    assert other.seen_stacks == records.load(other.path)["seen_stacks"] == {}


def test_the_same_name_and_seed_with_other_objects_do_not_replace_a_record(run, root):
    simulated_from(root, {"s16_l1": "1.png"})
    (before,) = run()
    simulated_from(root, {"s16_l1": "2.png"})
    (after,) = run()
    assert before.path != after.path
    assert before.path.exists()
    simulated_from(root, {"s16_l1": "2.png"}, version=2)
    assert run()[0].path == after.path


def test_a_split_is_added_to_the_record_of_another(run):
    (first,) = run(splits=("test-2",))
    (second,) = run()
    assert first.path == second.path
    assert sorted(records.load(second.path)["splits"]) == ["test-1", "test-2"]


def test_qualities_and_quick_looks_have_records_of_their_own(run):
    names = [outcome.path.name for outcome in run(qualities=(None, 75), stacks=1)]
    assert names == ["a_simulated_n1.json", "a_simulated_q75_n1.json"]
    (outcome,) = run(qualities=(75,), stacks=1, splits=("test-1",))
    record = records.load(outcome.path)
    assert (record["jpeg_quality"], record["jpeg_sampling"], record["stacks_limit"]) == (75, "4:2:0", 1)
    assert len(record["splits"]["test-1"]) == 3
    assert run(stacks=2)[0].path.name == "a_simulated.json"  # that is all of them


def test_several_models_are_evaluated_at_once_and_only_those_that_miss(run, tmp_path):
    run()
    folder(tmp_path / "models", "b", kind="single")
    assert [(outcome.subject.label, outcome.skipped) for outcome in run("a", "b")] == [("a", True), ("b", False)]
    assert run.loads == ["keras"] * 2


def test_the_same_name_for_another_data_set_gets_a_part_of_its_hash(run, tmp_path):
    run()
    other = tmp_path / "other"
    make_stacks.images(other / "incoherent_RGBchannels" / make_stacks.SAME / "s16_l1", Z_NM)
    make_stacks.manifest(other, seed=8)
    sha256 = hashlib.sha256((other / "dataset.json").read_bytes()).hexdigest()
    (outcome,) = run(data=other)
    assert outcome.path.name == f"a_simulated-{sha256[:8]}.json"
    assert run(data=other)[0].skipped
    assert run()[0].skipped


def test_the_same_data_set_simulated_anew_replaces_the_record(run, root):
    (before,) = run()
    make_stacks.manifest(root, version=2)
    (after,) = run()
    assert before.path == after.path
    assert not after.skipped


def test_a_sample_in_training_and_in_test_is_refused(run, root):
    make_stacks.images(
        root / "incoherent_RGBchannels" / make_stacks.TRAIN / "s16_l9", Z_NM, prefix="Seg1_", size=(224, 224)
    )
    make_stacks.manifest(root)
    with pytest.raises(DatasetError, match=r"sample s16 is in train and in test-1"):
        run()


@pytest.mark.parametrize("split", ["test-3", "train"])
def test_a_split_that_is_no_test_split_here_is_named(run, split):
    with pytest.raises(UsageError, match=rf"no test split '{split}'. Test splits here: test-1, test-2"):
        run(splits=(split,))


def test_two_models_of_one_name_and_names_that_are_no_file_names_are_refused_before_anything_is_done(run, tmp_path):
    copy = folder(tmp_path / "models", "b")
    for name, message in (("a", "are both 'a'"), ("../a", "no name for a model")):
        (copy / "card.json").write_text((tmp_path / "models/a/card.json").read_text().replace('"a"', f'"{name}"'))
        with pytest.raises(UsageError, match=message):
            run("a", "b")
    assert not run.loads


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_done(run, tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(RecordError, match="cannot be written there"):
        run()
    assert not run.loads


def test_the_name_of_classical_records_is_no_models(run, tmp_path):
    folder(tmp_path / "models", "classical")
    with pytest.raises(UsageError, match="'classical'"):
        run("classical")
