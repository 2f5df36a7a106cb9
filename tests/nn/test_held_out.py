"""What confidence is fitted on: digits that no network has learnt, and no test writer's."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitbatch.errors import ModelError, UsageError
from digitbatch.networks.card import load_card, save_card
from digitbatch.networks.learnt_sets import LearntSet
from digitbatch.packaged import default_model
from digitbatch.scoring.hands import hands_of, set_shares, shares_of_left
from digitbatch.scoring.held_out import held_out_digits
from digitbatch.synth.crop_pens import CropPen, Hands
from digitbatch.training.data import Labelled, join, read_sets
from digitbatch.training.data.labelled import Source, with_source
from digitbatch.training.data.read import TrainingData, read_training_data
from digitbatch.training.learnt import MNIST_DIGITS, MNIST_SHA256, learnt_by, learnt_in
from digitbatch.training.synthesis.mixture import split_places
from tests.nn.idx_files import drawn_digits, labelled
from tests.nn.test_named_sets import named, pictures_file, tracks_file

ALONE = "60,000 crops of mnist (IDX files of MNIST, training digits), 5,000 of them to validate on"


@pytest.fixture
def two_sets(tmp_path: Path) -> str:
    """Sets by name: pen tracks by sixteen writers, two of them for testing, and pictures."""
    tracks_file(tmp_path / "t.npz", count=160, writers=16, letters="0123456789")
    pictures_file(tmp_path / "p.npz", 60)
    (tmp_path / "split.json").write_text(json.dumps({"tracks": ["w1", "w5"]}))
    return named(
        tmp_path,
        "  tracks:\n    path: t.npz\n    reader: pen_tracks\n    held_share: 0.2\n    draws: 2\n"
        '    test: {writers: "split.json#tracks"}\n    weight: 3\n\n'
        "  pictures:\n    path: p.npz\n    reader: pictures\n    held_share: 0.3\n    weight: 1",
    )


def model(folder: Path, *sets: LearntSet) -> Path:
    """A folder with the card of a network that has learnt these sets; none: an old card."""
    folder.mkdir()
    recipe = {"validation_digits": 5000, "other_crops": 12000}
    about = {"sets": sets, "seed": 0, "training_data": ALONE, "recipe": recipe}
    save_card(load_card(default_model()).model_copy(update=about), folder)
    return folder


def learnt(place: str, seed: int = 0) -> tuple[LearntSet, ...]:
    """What a training on these sets learns."""
    return learnt_in(read_training_data([place], knows_other=True), 5000, seed)


def places(data: Labelled) -> set[int]:
    """Of what characters of its set these are."""
    assert data.source_places is not None
    return set(data.source_places.tolist())


class TestHeldOut:
    def test_nothing_learnt_and_no_test_writer(self, two_sets: str, tmp_path: Path) -> None:
        """Of each set what its training held back, by writers that are for nothing else."""
        sets = read_sets([two_sets], "train")
        found = held_out_digits(sets, [model(tmp_path / "m", *learnt(two_sets))])
        for one, held in zip(sets, found, strict=True):
            assert one.held is not None
            assert places(held) == places(one.take(np.flatnonzero(one.held)))
            assert places(held)
        tests = read_sets([two_sets], "test")[0]
        assert not places(found[0]) & places(tests)
        writers = {place // 10 for place in places(found[0])}
        assert not writers & {1, 5}
        assert not writers & {place // 10 for place in places(sets[0]) - places(found[0])}

    def test_the_same_for_every_seed(self, two_sets: str) -> None:
        """Sets by name decide by writer what is held back: no seed of a training changes it."""
        assert learnt(two_sets, seed=0) == learnt(two_sets, seed=7)

    def test_a_set_that_was_never_read_is_all_there(self, two_sets: str, tmp_path: Path) -> None:
        """But for its test writers; where one of two networks read it, what that held back is."""
        both = learnt(two_sets)
        sets = read_sets([two_sets], "train")
        one = model(tmp_path / "1", both[1])
        tracks, pictures = held_out_digits(sets, [one])
        assert places(tracks) == set(range(160)) - {*range(10, 20), *range(50, 60)}
        assert sets[1].held is not None
        assert len(pictures) == np.count_nonzero(sets[1].held)
        two = model(tmp_path / "2", *both)
        tracks, _ = held_out_digits(sets, [one, two])
        assert sets[0].held is not None
        assert len(tracks) == np.count_nonzero(sets[0].held)

    def test_a_set_is_known_by_its_content(self, two_sets: str, tmp_path: Path) -> None:
        """Under another name it is the same; of another content with its name nothing is known."""
        sets = read_sets([two_sets], "train")
        network = model(tmp_path / "m", *learnt(two_sets))
        other = [sets[0], replace(sets[1], name="called otherwise")]
        assert [len(one) for one in held_out_digits(other, [network])] == [
            len(one) for one in held_out_digits(sets, [network])
        ]
        changed = [sets[0], replace(sets[1], source=Source("0" * 64, 60))]
        with pytest.raises(UsageError, match="pictures: is not the set of this name"):
            held_out_digits(changed, [network])

    def test_what_a_second_network_has_learnt(self, two_sets: str, tmp_path: Path) -> None:
        """A model's second look counts as well."""
        sets = read_sets([two_sets], "train")
        network = model(tmp_path / "m", *learnt(two_sets)[:1])
        all_of_it = LearntSet.of("pictures", learnt(two_sets)[1].sha256, 60, np.arange(60))
        model(network / "second", all_of_it)
        assert not len(held_out_digits(sets, [network])[1])

    def test_a_seeds_draw_is_noted(self, tmp_path: Path) -> None:
        """Where sets leave it to the seed, a card says the same as the seed, set by set."""
        sizes = (("a", 60), ("b", 40))
        sets = [with_source(replace(drawn_digits(n, n), name=name)) for name, n in sizes]
        data = TrainingData(tuple(sets), join(sets), None)
        network = model(tmp_path / "m", *learnt_in(data, 5000, 0))
        held = split_places(data.crops, 20, np.random.default_rng(0))[1]
        first, second = held_out_digits(sets, [network])
        assert places(first) == {place for place in held.tolist() if place < 60}
        assert places(second) == {place - 60 for place in held.tolist() if place >= 60}


class TestOldCards:
    def test_mnist_alone(self, tmp_path: Path) -> None:
        """What was kept out, as the seed drew it, is known without any data; of lines as well."""
        card = load_card(model(tmp_path / "m"))
        (one,) = learnt_by(card)
        crops = np.zeros((MNIST_DIGITS, 1, 1), np.uint8)
        data = labelled(crops, np.arange(MNIST_DIGITS) % 10)
        held = split_places(data, 5000, np.random.default_rng(0))[1]
        assert (one.sha256, one.count) == (MNIST_SHA256, MNIST_DIGITS)
        assert np.flatnonzero(~one.mask()).tolist() == sorted(held.tolist())
        lines = {"training_data": f"851,968 lines made of {ALONE}", "kind": "line"}
        assert learnt_by(card.model_copy(update=lines)) == (one,)

    def test_beside_sets_by_name(self, two_sets: str, tmp_path: Path) -> None:
        """It has learnt what MNIST's seed did not keep out, and nothing of other sets."""
        data = labelled(np.zeros((MNIST_DIGITS, 1, 1), np.uint8), np.arange(MNIST_DIGITS) % 10)
        source = Source(MNIST_SHA256, MNIST_DIGITS)
        mnist = replace(data, name="mnist", source=source, source_places=np.arange(MNIST_DIGITS))
        pictures = read_sets([two_sets], "train")[1]
        found = held_out_digits([mnist, pictures], [model(tmp_path / "m")])
        assert [len(one) for one in found] == [5000, 60]

    @pytest.mark.parametrize(
        "about",
        [
            {"training_data": "44,229 crops of unipen (pen tracks, weight 0.4; CC BY 4.0), 717"},
            {"recipe": {"validation_digits": 5000, "initial_weights": "abc"}},
        ],
    )
    def test_those_that_do_not_say_it(
        self, two_sets: str, tmp_path: Path, about: dict[str, object]
    ) -> None:
        """Sets by name, or what a network began as, were not noted: nothing is guessed."""
        folder = model(tmp_path / "m")
        save_card(load_card(folder).model_copy(update=about), folder)
        with pytest.raises(UsageError, match="does not say which digits"):
            held_out_digits(read_sets([two_sets], "train"), [folder])

    def test_a_damaged_record(self) -> None:
        """Bits of another number of characters are refused."""
        one = LearntSet.of("mine", "0" * 64, 60, np.arange(9))
        assert np.flatnonzero(one.mask()).tolist() == list(range(9))
        with pytest.raises(ModelError, match="mine is damaged"):
            one.model_copy(update={"count": 90}).mask()


class TestHands:
    def test_a_page_is_by_one_writer(self) -> None:
        """Where writers are known; what a hand has no digit of, its set lends."""
        data = _by_writers([0] * 20 + [1] * 8 + [2] * 4)
        hands = hands_of([data], [1.0])
        lent = {*range(2, 8), *range(12, 18), *range(22, 28)}
        assert [set(_written(hand.crops)) for hand in hands] == [
            set(range(20)), {*range(20, 28), 8, 9, 18, 19, 28, 29}, {*range(28, 32)} | lent,
        ]  # fmt: skip

    def test_sets_come_as_often_as_they_weigh(self) -> None:
        """However many digits and writers a set has."""
        large, small = _by_writers([k // 20 for k in range(200)]), _by_writers([-1] * 20)
        hands = hands_of([large, small], [1.0, 3.0])
        assert len(hands) == 11
        assert sum(hand.share for hand in hands[:10]) == pytest.approx(1.0)
        assert hands[10].share == pytest.approx(3.0)
        turns = Hands(hands, np.random.default_rng(0))
        drawn = [turns.draw() is hands[10] for _ in range(400)]
        assert 0.68 < np.mean(drawn) < 0.82

    def test_a_fine_pen_stays_whole(self) -> None:
        """Strokes too fine for a crop's pixels are grey there, and no fainter on paper for that."""
        drawn = drawn_digits(20)
        digits = replace(drawn, crops=np.where(drawn.crops > 60, 255, drawn.crops).astype(np.uint8))
        faint = replace(digits, crops=digits.crops // 3)
        (hand,) = hands_of([digits], [1.0])
        (fine,) = hands_of([faint], [1.0])
        assert np.array_equal(hand.crops, digits.crops)
        assert np.median(fine.crops[fine.crops > 40]) > 2.5 * np.median(
            faint.crops[faint.crops > 40]
        )

    def test_no_set_comes_oftener_than_its_digits_are_left(self, two_sets: str) -> None:
        """A set of which few are left gives way to the others, whatever it weighs."""
        sets = read_sets([two_sets], "train")
        weights, counts = np.array(set_shares(sets)), np.array([len(one) for one in sets])
        heavier = int(np.argmax(weights / counts))
        left = [one.take(np.arange(len(one))) for one in sets]
        left[heavier] = sets[heavier].take(np.arange(1))
        shares = np.array(shares_of_left(sets, left))
        assert shares[heavier] == 1 / sum(map(len, left))
        assert shares[1 - heavier] == weights[1 - heavier] / weights.sum()

    def test_shares_are_those_of_training(self, two_sets: str) -> None:
        """A set's weight in the file, whatever is held back of it and how often it is drawn."""
        tracks, pictures = set_shares(read_sets([two_sets], "train"))
        assert tracks == pytest.approx(3 * pictures, rel=1e-4)

    def test_a_pen_writes_with_the_hand_that_it_took(self) -> None:
        """And with no other's digits."""
        digits = drawn_digits(20)
        one, two = hands_of([_writers_of(digits, [0] * 10 + [1] * 10)], [1.0])
        pen = CropPen(one.crops, one.labels)
        first = pen(3, np.random.default_rng(0), 40)
        pen.take_hand(two)
        assert not np.array_equal(pen(3, np.random.default_rng(0), 40), first)
        pen.take_hand(one)
        assert np.array_equal(pen(3, np.random.default_rng(0), 40), first)


def _writers_of(data: Labelled, writers: list[int]) -> Labelled:
    return replace(data, writers=np.array(writers))


def _by_writers(writers: list[int]) -> Labelled:
    """Crops 0 to 9 in turn, each of its own grey, by writers."""
    count = len(writers)
    crops = np.tile(np.arange(count, dtype=np.uint8)[:, None, None], (1, 28, 28))
    crops[:, 14:] = 255  # a bold pen
    return _writers_of(labelled(crops, np.arange(count) % 10), writers)


def _written(crops: np.typing.NDArray[np.uint8]) -> list[int]:
    return [int(crop[0, 0]) for crop in crops]
