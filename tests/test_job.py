"""A training as data: its command line, what is refused before anything is read, and what counts as the same job."""

from __future__ import annotations

import dataclasses
import json
import shlex
import shutil
import sys

import numpy as np
import pytest
from fixtures_models import SIZE, network

from edgebench.cli.main import main
from edgebench.errors import DatasetError, ModelError, UsageError
from edgebench.models import recipes, regressor, store
from edgebench.training import job as jobs
from edgebench.training.job import Job

JOBS = {
    "defaults": Job("m", ("d",)),
    "two data sets, one with a space": Job("m", ("data/a b", "data/c")),
    "a quote and a dollar": Job("m", ("it's $HOME",)),
    "every number": Job("m_1.5", ("d",), "crops", "compact", "single", 0.35, 224, 7, 4096, 12, 3),
    "a teacher": Job("m", ("d",), recipe="distil", teacher="models/large one"),
    "a start": Job("m", ("d",), recipe="continue", start="models/begun"),
    "a width that prints long": Job("m", ("d",), alpha=0.1 + 0.2),
}


class Caught(Exception):
    pass


@pytest.mark.parametrize("name", JOBS)
def test_the_command_of_a_job_makes_the_same_job_again(name, monkeypatch):
    def caught(job, **options):
        raise Caught(job)

    monkeypatch.setattr(jobs, "run", caught)
    monkeypatch.setattr(sys, "argv", shlex.split(JOBS[name].command()))
    with pytest.raises(Caught) as found:
        main()
    assert found.value.args == (JOBS[name],)


def test_the_command_names_only_what_is_no_default_and_not_where_models_lie():
    job = Job("m", ("d",), epochs=3, models="elsewhere", cache="/tmp/c")
    assert job.command() == "edgebench train m --data d --epochs 3"


def test_a_job_is_plain_json():
    for job in JOBS.values():
        assert json.loads(json.dumps(dataclasses.asdict(job)))["name"] == job.name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "a/b"}, "no name for a model"),
        ({"recipe": "fast"}, "no recipe 'fast'"),
        ({"network": "resnet"}, "no network 'resnet'"),
        ({"kind": "pair"}, "no kind 'pair' of input"),
        ({"alpha": 0}, "alpha is 0"),
        ({"input_size": 30}, "input size is 30 px"),
        ({"recipe": "crops", "input_size": 48}, "crops of 24 px"),
        (
            {"recipe": "crops", "input_size": 112, "start": "models/begun"},
            "begins on 56 px, where weights for 112 px do",
        ),
        ({"recipe": "distil"}, "recipe 'distil' and teacher None do not fit. Give --teacher."),
        ({"teacher": "models/large"}, "Give a recipe that distils, such as --recipe distil."),
    ],
)
def test_what_no_data_could_mend_is_refused_before_any_is_read(change, words, monkeypatch):
    monkeypatch.setattr(jobs.datasets, "describe", None)
    for refuse in (jobs.check, jobs.run):
        with pytest.raises(UsageError) as caught:
            refuse(dataclasses.replace(Job("m", ("nowhere",)), **change))
        assert words in str(caught.value)


def test_a_recipe_file_that_distils_needs_a_teacher(tmp_path):
    (tmp_path / "mine.toml").write_text("distil = 0.3")
    job = Job("m", ("d",), recipe=str(tmp_path / "mine.toml"))
    with pytest.raises(UsageError, match="Give --teacher"):
        jobs.check(job)
    jobs.check(dataclasses.replace(job, teacher="models/large"))


@pytest.fixture
def small(monkeypatch):
    """A tiny network, batches to match, and no processes to start."""
    monkeypatch.setattr(regressor, "build", network)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0})
    for name in ("default", "distil"):
        monkeypatch.setitem(recipes.RECIPES, name, dataclasses.replace(recipes.RECIPES[name], batch_size=4))


@pytest.fixture
def tiny(small, tiny_dataset, tmp_path):
    """A job of one epoch on the tiny data set: 8 training patches, 8 for validation."""
    where = {"models": str(tmp_path / "models"), "cache": str(tmp_path / "cache")}
    return Job("m", (str(tiny_dataset),), input_size=SIZE, epochs=1, **where)


def test_a_teacher_of_other_patches_is_refused_before_any_data_are_read(tmp_path):
    store.save(tmp_path / "large", network(0.35, SIZE), {"kind": "difference"})
    job = Job("m", ("nowhere",), recipe="distil", teacher=str(tmp_path / "large"), kind="single")
    with pytest.raises(
        UsageError, match=r"large: a teacher of difference patches, .* single\. Use --kind difference\."
    ):
        jobs.run(job)


def test_a_teacher_that_is_not_there_is_told_before_any_data_are_read():
    with pytest.raises(ModelError, match=r"nobody/card\.json: cannot be read"):
        jobs.run(Job("m", ("nowhere",), recipe="distil", teacher="nobody"))


@pytest.mark.parametrize("split", ["testRawData_incoherent_sameProtocol", "testRawData_incoherent_diffProtocol"])
@pytest.mark.parametrize("sample", ["s1", "s2"])  # one trains, the other validates
def test_a_slide_in_training_and_test_is_refused(tiny, tiny_dataset, tmp_path, split, sample):
    """Another field of view of it, too, which no calibration manifest would show."""
    root = tmp_path / "d"
    shutil.copytree(tiny_dataset, root)
    folder = next((root / "incoherent_RGBchannels" / split).iterdir())
    folder.rename(folder.with_name(f"{sample}_l7"))
    name = "test-1" if "same" in split else "test-2"
    with pytest.raises(DatasetError, match=f"sample {sample} is in the training split and in {name}"):
        jobs.run(dataclasses.replace(tiny, data=(str(root),)))
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "models").exists()


def test_a_finished_job_is_kept_and_its_card_says_how_it_was_made(tiny):
    assert not jobs.finished(tiny)
    seen = []
    card = jobs.run(tiny, making=lambda *now: seen.append(now), hardware={"cores": 2})
    assert jobs.finished(tiny)
    assert card.made["command"] == tiny.command()
    assert Job(**card.made["job"] | {"data": tuple(card.made["job"]["data"])}) == tiny
    assert card.made["hardware"] == {"cores": 2}
    assert seen[-1] == (f"{tiny.data[0]} validation patches", 2, 2)
    with pytest.raises(UsageError, match="already trained"):
        jobs.run(tiny)


def test_tiles_of_one_cache_serve_every_input_size(tiny, tmp_path, monkeypatch):
    jobs.run(tiny)
    monkeypatch.setattr(jobs.patches, "_build", None)
    card = jobs.run(dataclasses.replace(tiny, name="larger", input_size=2 * SIZE))
    assert card.input_size == 2 * SIZE


def test_seeds_share_the_validation_patches_and_augment_their_own_training_patches(tiny, tmp_path):
    for seed in (0, 1):
        jobs.run(dataclasses.replace(tiny, name=f"m{seed}", seed=seed))
    kinds = sorted(folder.name.split("-")[0] for folder in (tmp_path / "cache").iterdir())
    assert kinds == ["train", "train", "validation"]


def test_a_student_asks_its_teacher_and_keeps_its_hash(tiny):
    jobs.run(dataclasses.replace(tiny, name="teacher"))
    teacher = str(tiny.folder.with_name("teacher"))
    student = dataclasses.replace(tiny, recipe="distil", teacher=teacher)
    seen = []
    card = jobs.run(student, making=lambda *now: seen.append(now))
    assert ("teacher", 8, 8) in seen
    assert card.settings["teacher"] == store.identity(student.folder.with_name("teacher"))


def test_a_training_that_begins_with_a_model_has_its_weights_and_tells_its_making(tiny, tmp_path):
    jobs.run(dataclasses.replace(tiny, name="begun"))
    before = store.load_card(tiny.folder.with_name("begun"))
    (tmp_path / "still.toml").write_text("learning_rate = 1e-30\naverage = 0\nbatch_size = 4\n")
    start = tiny.folder.with_name("begun")
    after = jobs.run(
        dataclasses.replace(tiny, name="on", start=str(start), seed=7, recipe=str(tmp_path / "still.toml"))
    )
    assert after.settings["start"] == before.sha256
    assert after.made["start"] == {"name": "begun", "sha256": before.sha256, "made": before.made}
    (one, _), (other, _) = store.load(start), store.load(start.with_name("on"))
    assert all(np.array_equal(a, b) for a, b in zip(one.trainable_weights, other.trainable_weights, strict=True))


def test_a_start_of_another_width_is_refused_before_any_data_are_read(tiny):
    jobs.run(dataclasses.replace(tiny, name="begun"))
    job = Job("m", ("nowhere",), alpha=0.75, start=str(tiny.folder.with_name("begun")))
    with pytest.raises(UsageError, match=r"begun: its alpha is \S+, not 0.75. Use --alpha"):
        jobs.run(job)


def test_a_fingerprint_is_that_of_the_job_wherever_it_lies(tmp_path):
    job = Job("m", ("d",))
    assert jobs.fingerprint(job) == jobs.fingerprint(dataclasses.replace(job, models="/elsewhere", cache="/c"))
    assert jobs.fingerprint(job) != jobs.fingerprint(dataclasses.replace(job, seed=1))
    file = tmp_path / "mine.toml"
    file.write_text("turns = false")
    mine = dataclasses.replace(job, recipe=str(file))
    first = jobs.fingerprint(mine)
    file.rename(tmp_path / "renamed.toml")
    assert jobs.fingerprint(dataclasses.replace(job, recipe=str(tmp_path / "renamed.toml"))) == first
    (tmp_path / "renamed.toml").write_text("turns = true")
    assert jobs.fingerprint(dataclasses.replace(job, recipe=str(tmp_path / "renamed.toml"))) != first
