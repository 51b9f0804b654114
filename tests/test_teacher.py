"""A teacher's answers: those of the model, in the order of the patches, computed once."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from fixtures_models import SIZE, exact_network, patch_set

from edgebench.errors import ModelError
from edgebench.focus.preprocess import model_input
from edgebench.models import store, teacher


@pytest.fixture
def folder(tmp_path):
    store.save(tmp_path / "exact", exact_network(), {"kind": "difference"})
    return tmp_path / "exact"


@pytest.fixture
def ask(folder, tmp_path):
    def ask(sets, who=folder, progress=lambda done, total: None):
        return teacher.answers(who, sets, tmp_path / "cache", progress)

    (tmp_path / "cache").mkdir()
    return ask


def cached(tmp_path):
    return sorted(file.name for file in (tmp_path / "cache").iterdir())


def test_answers_are_those_of_the_model_to_each_patch(ask):
    sets = [patch_set(150), patch_set(40, seed=1)]  # more than one batch, and less
    found = ask(sets)
    assert [(part.dtype, part.shape) for part in found] == [(np.float32, (150,)), (np.float32, (40,))]
    for answers, part in zip(found, sets):
        expected = exact_network().predict_on_batch(model_input(part.tiles, SIZE))[:, 0]
        np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-4)  # um; float32 in batches of another size
        np.testing.assert_allclose(answers, part.z_um, rtol=0, atol=0.05)


def test_a_teacher_sees_tiles_at_its_own_input_size(folder, ask):
    """Tiles twice as large, for whatever student: the exact network has inputs of SIZE."""
    part = patch_set(16, size=2 * SIZE)
    (answers,) = ask([part])
    expected = exact_network().predict_on_batch(model_input(part.tiles, SIZE))[:, 0]
    np.testing.assert_allclose(answers, expected, rtol=0, atol=1e-4)


def test_answers_are_computed_once(ask, tmp_path, monkeypatch):
    sets = [patch_set(20), patch_set(10, seed=1)]
    first = ask(sets)
    assert len(cached(tmp_path)) == 2
    monkeypatch.setattr(store, "load", None)
    for a, b in zip(first, ask(sets[::-1])[::-1]):
        np.testing.assert_array_equal(a, b)


def test_another_teacher_and_other_patches_are_asked_anew(ask, tmp_path):
    part = patch_set(20)
    (first,) = ask([part])
    store.save(tmp_path / "other", exact_network(2.0), {})
    (doubled,) = ask([part], tmp_path / "other")
    np.testing.assert_allclose(doubled, 2 * first, rtol=0, atol=1e-3)
    augmented = dataclasses.replace(part, tiles=-part.tiles, contrast=part.contrast * np.float32(1.01))
    (turned,) = ask([augmented])
    np.testing.assert_allclose(turned, -first, rtol=0, atol=1e-3)
    assert len(cached(tmp_path)) == 3


def test_progress_ends_with_all_patches_of_all_sets(ask):
    seen = []
    ask([patch_set(150), patch_set(40, seed=1)], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(128, 190), (150, 190), (190, 190)]


def test_a_stopped_computation_leaves_nothing_behind(ask, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask([patch_set(20)], progress=stop)
    assert cached(tmp_path) == []


def test_a_teacher_that_is_not_there_is_one_line(ask, tmp_path):
    with pytest.raises(ModelError, match=r"nobody/card\.json: cannot be read"):
        ask([patch_set(20)], tmp_path / "nobody")
