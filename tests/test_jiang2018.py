"""The published layout as it lies on disk: names, order, roots, and a clear error for all that is not it."""

from __future__ import annotations

from pathlib import Path

import pytest
from make_stacks import DIFFERENT, SAME, TRAIN, Z_NM, manifest, names

from edgebench.data import jiang2018, layout
from edgebench.errors import DatasetError, UsageError
from edgebench.focus.images import SUFFIXES

PUBLISHED = (Path(__file__).parent / "data" / "jiang_same_protocol_filenames.txt").read_text().split()


@pytest.fixture
def base(tmp_path):
    """incoherent_RGBchannels, empty."""
    base = tmp_path / "Data_channel" / "incoherent_RGBchannels"
    base.mkdir(parents=True)
    return base


@pytest.fixture
def published(base):
    """The names of the same-protocol test set as they are listed publicly: 15 stacks whole, one in part."""
    for name in PUBLISHED:
        path = base / SAME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return base


def test_published_names_give_the_stacks_in_the_order_of_their_numbers(published):
    stacks = jiang2018.stacks(published, "test-1")
    assert [stack.id for stack in stacks] == [
        *("s16_l1", "s16_l4", "s16_l5", "s16_l6", "s17_l5", "s101_l1"),
        *("s102_l1", "s102_l2", "s102_l3", "s102_l4", "s102_l5", "s102_l6"),
        *("s103_l1", "s103_l2", "s104_l1", "s104_l2"),
    ]
    assert {stack.sample for stack in stacks} == {"s16", "s17", "s101", "s102", "s103", "s104"}
    assert sum(len(stack.planes) for stack in stacks) == len(PUBLISHED) == 635


def test_a_published_stack_has_41_planes_half_a_micrometre_apart_and_37_pairs(published):
    whole = [stack for stack in jiang2018.stacks(published, "test-1") if stack.id != "s17_l5"]
    for stack in whole:
        z_nm = [plane.z_nm for plane in stack.planes]
        assert z_nm == list(range(z_nm[0], z_nm[0] + 41 * 500, 500))
        assert all(plane.path.name == f"defocus{plane.z_nm}.jpg" for plane in stack.planes)
        assert len(list(stack.pairs())) == 37
        assert all(pair.upper.z_nm - pair.lower.z_nm == 2000 for pair in stack.pairs())
    assert whole[0].planes[0].z_um == -9.85


def test_a_gap_in_a_stack_loses_only_the_pairs_across_it(published):
    (stack,) = (stack for stack in jiang2018.stacks(published, "test-1") if stack.id == "s17_l5")
    z_nm = {plane.z_nm for plane in stack.planes}
    assert len(z_nm) == 20
    assert len(list(stack.pairs())) == sum(z + 2000 in z_nm for z in z_nm)


@pytest.mark.parametrize("up", [0, 1, 2], ids=["incoherent_RGBchannels", "Data_channel", "above Data_channel"])
def test_the_root_may_be_any_folder_of_the_layout(published, up):
    root = [published, *published.parents][up]
    stacks = jiang2018.stacks(root, "test-1")
    assert len(stacks) == 16
    assert all(root in plane.path.parents for stack in stacks for plane in stack.planes)


def test_the_root_may_hold_the_channels_folder_without_data_channel(published):
    assert len(jiang2018.stacks(published.rename(published.parents[1] / published.name).parent, "test-1")) == 16


def test_capital_letters_of_folder_names_do_not_matter(tmp_path):
    names(tmp_path / "Incoherent_RGBChannels" / TRAIN.replace("Channels", "channels") / "s1_l1", prefix="Seg1_")
    names(tmp_path / "Incoherent_RGBChannels" / SAME.lower() / "s16_l1")
    assert jiang2018.stacks(tmp_path, "train")[0].id == "s1_l1_Seg1"
    assert jiang2018.stacks(tmp_path, "test-1")[0].id == "s16_l1"


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".JPG"])
def test_every_suffix_is_read(base, suffix):
    names(base / SAME / "s16_l1", suffix=suffix)
    (stack,) = jiang2018.stacks(base, "test-1")
    assert [plane.z_nm for plane in stack.planes] == list(Z_NM)


def test_each_training_tile_is_a_stack_of_its_own(base):
    for tile in (10, 2):
        names(base / TRAIN / "s3_l2", prefix=f"Seg{tile}_")
    first, second = jiang2018.stacks(base, "train")
    assert (first.sample, first.field, first.id) == ("s3", "l2_Seg2", "s3_l2_Seg2")
    assert second.field == "l2_Seg10"
    assert len(first.planes) == len(second.planes) == 41


def test_hidden_files_and_litter_of_operating_systems_are_passed_over(base):
    folder = names(base / SAME / "s16_l1")
    for name in (".DS_Store", "._defocus150.jpg", "Thumbs.db", "desktop.ini"):
        (folder / name).touch()
    (folder.parent / ".s16_l2.part").mkdir()
    (folder.parent / "read me.txt").touch()
    assert [len(stack.planes) for stack in jiang2018.stacks(base, "test-1")] == [41]


def test_training_and_validation_share_no_sample_and_lose_no_tile(base):
    for sample in range(10):
        names(base / TRAIN / f"s{sample}_l1", (-1000, 1000), prefix="Seg1_")
    split = {name: jiang2018.stacks(base, name) for name in ("train", "validation")}
    samples = {name: {stack.sample for stack in stacks} for name, stacks in split.items()}
    assert len(samples["validation"]) == 2
    assert samples["train"].isdisjoint(samples["validation"])
    assert len(split["train"]) + len(split["validation"]) == 10
    assert jiang2018.all_stacks(layout.find(base)) == split


def test_the_manifest_names_the_validation_samples_of_a_simulated_set(tmp_path):
    for sample in (1, 2, 3):
        names(tmp_path / "incoherent_RGBchannels" / TRAIN / f"s{sample}_l1", (-1000, 1000), prefix="Seg1_")
    manifest(tmp_path, validation_samples=["s1", "s3"])
    assert [stack.sample for stack in jiang2018.stacks(tmp_path, "validation")] == ["s1", "s3"]
    assert [stack.sample for stack in jiang2018.stacks(tmp_path, "train")] == ["s2"]


def test_one_training_sample_alone_leaves_no_validation_split(base):
    names(base / TRAIN / "s1_l1", (-1000, 1000), prefix="Seg1_")
    assert list(jiang2018.all_stacks(layout.find(base))) == ["train"]
    with pytest.raises(DatasetError, match="at least two samples"):
        jiang2018.stacks(base, "validation")


def test_an_unknown_split_lists_the_names(published):
    with pytest.raises(UsageError, match=r"'test'.* train, validation, test-1, test-2"):
        jiang2018.stacks(published, "test")


def test_a_missing_split_says_which_there_are(published):
    with pytest.raises(DatasetError, match=f"{DIFFERENT}.*test-2.*there are: test-1"):
        jiang2018.stacks(published, "test-2")


@pytest.mark.parametrize("inside", ["nothing", "other", None])
def test_a_folder_of_another_layout_is_told_the_expected_one(tmp_path, inside):
    root = tmp_path / "set"
    if inside is not None:
        (root / inside).mkdir(parents=True)
    with pytest.raises(DatasetError, match="incoherent_RGBchannels"):
        jiang2018.stacks(root, "test-1")


def test_an_empty_split_folder_is_told_the_expected_layout(base):
    (base / SAME).mkdir()
    with pytest.raises(DatasetError, match=r"no stack\..*s<S>_l<L>/defocus<NM>\.jpg"):
        jiang2018.stacks(base, "test-1")


@pytest.mark.parametrize(
    "name",
    ["focus150.jpg", "defocus+150.jpg", "defocus1.5.jpg", "defocus150.gif", "defocus150 (1).jpg", "Seg_defocus1.jpg"],
)
def test_an_unexpected_file_is_named_with_the_pattern(base, name):
    (names(base / SAME / "s16_l1") / name).touch()
    with pytest.raises(DatasetError) as error:
        jiang2018.stacks(base, "test-1")
    assert f"s16_l1/{name}" in str(error.value)
    assert "defocus<NM>" in str(error.value)


@pytest.mark.parametrize("name", ["s16", "S16_l1", "s16_l1_copy"])
def test_an_unexpected_folder_is_named_with_the_pattern(base, name):
    names(base / SAME / "s16_l1")
    (base / SAME / name).mkdir()
    with pytest.raises(DatasetError, match=rf"{name}: .*s<S>_l<L>"):
        jiang2018.stacks(base, "test-1")


def test_two_files_of_one_plane_are_an_error_that_names_both(base):
    folder = names(base / SAME / "s16_l1")
    (folder / "defocus150.png").touch()
    with pytest.raises(DatasetError, match=r"defocus150\.png.*150 nm.*defocus150\.jpg"):
        jiang2018.stacks(base, "test-1")


@pytest.mark.parametrize(
    ("z_nm", "words"),
    [((150,), "one plane only"), ((150, 650), "2 planes, no two of them 2 um apart"), ((), "no image")],
)
def test_a_stack_without_a_pair_is_an_error(base, z_nm, words):
    names(base / SAME / "s16_l1", z_nm)
    with pytest.raises(DatasetError, match=rf"s16_l1.*{words}"):
        jiang2018.stacks(base, "test-1")


def test_an_unfinished_simulation_is_never_taken_for_the_published_set(tmp_path):
    names(tmp_path / "incoherent_RGBchannels" / SAME / "s16_l1")
    (tmp_path / ".simulating.json").write_text("{}")
    for root in (tmp_path, tmp_path / "incoherent_RGBchannels"):
        with pytest.raises(DatasetError, match="not finished"):
            jiang2018.stacks(root, "test-1")


def test_a_split_that_is_still_simulated_is_left_out_and_refused(tmp_path):
    names(tmp_path / "incoherent_RGBchannels" / SAME / "s16_l1")
    manifest(tmp_path)
    names(tmp_path / "incoherent_RGBchannels" / DIFFERENT / "s201_l1")
    assert list(jiang2018.all_stacks(layout.find(tmp_path))) == ["test-1"]
    with pytest.raises(DatasetError, match="not finished"):
        jiang2018.stacks(tmp_path, "test-2")
