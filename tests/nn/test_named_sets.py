"""Sets by name: what hands.yaml may say, who is for testing only, what each set weighs."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digitbatch.errors import ConfigError, UsageError
from digitbatch.stages.crops import center_crop
from digitbatch.training.data import read_sets, read_test_digits
from digitbatch.training.data.named_sets import named_sets, parse_named_sets
from digitbatch.training.data.pen_tracks import PLAIN, Pens, draw_tracks, read_pen_tracks
from digitbatch.training.data.read import absolute_places, read_training_data
from digitbatch.training.synthesis.composition import choose_glyphs
from digitbatch.training.synthesis.lines import make_lines
from digitbatch.training.synthesis.mixture import mix, split, split_places
from digitbatch.training.synthesis.pool import make_pool
from digitbatch.types import OTHER
from tests.nn.idx_files import drawn_digits, write_part
from tests.nn.line_data import PLAIN as PLAIN_LINES
from tests.nn.line_data import small_pool

ONE = [(0.0, 0.0), (0.0, 1000.0)]
SEVEN = [(0.0, 0.0), (600.0, 0.0), (200.0, 1000.0)]
BAR = [(100.0, 500.0), (500.0, 500.0)]


def tracks_file(path: Path, count: int = 40, writers: int = 8, letters: str = "17") -> Path:
    """Pen tracks: of each label in turn, a crossed seven for "7" and a stroke for all others."""
    labels = [letters[index % len(letters)] for index in range(count)]
    strokes = [[SEVEN, BAR] if label == "7" else [ONE] for label in labels]
    points = np.concatenate([np.array(one) for character in strokes for one in character])
    np.savez(
        path,
        points=points.astype(np.int16),
        stroke_len=np.array([len(one) for character in strokes for one in character], np.int32),
        strokes=np.array([len(character) for character in strokes], np.int32),
        label=np.array(labels),
        writer=np.array([f"w{index * writers // count}" for index in range(count)]),
    )
    return path


def pictures_file(path: Path, count: int = 30, *, symbols: bool = False) -> Path:
    """Pictures, dark on light, digits in turn; with symbols every third is none."""
    digits = drawn_digits(count)
    labels = np.array(
        ["plus" if symbols and not k % 3 else str(v) for k, v in enumerate(digits.labels)]
    )
    np.savez(path, images=255 - np.pad(digits.crops, ((0, 0), (6, 6), (6, 6))), labels=labels)
    return path


def named(folder: Path, text: str) -> str:
    """A file of named sets; every set gets terms."""
    terms = "\n    licence: free\n    credit: nobody\n"
    lines = text.strip("\n").split("\n\n")
    (folder / "hands.yaml").write_text("sets:\n" + "".join(one + terms for one in lines))
    return str(folder / "hands.yaml")


class TestFile:
    def test_a_set_says_its_terms(self) -> None:
        """A set without licence and credit is refused: the card of the model must name both."""
        with pytest.raises(
            ConfigError, match=r"(?s)line 2: sets\.mine\.credit: is missing.*licence: is missing"
        ):
            parse_named_sets(b"sets:\n  mine: {path: here}\n", "hands.yaml")

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("wieght: 2", "sets.mine.wieght: is no key here; did you mean weight"),
            ("weight: 0", "sets.mine.weight: input should be greater than 0, got 0"),
            ("reader: photos", "'crops', 'pictures' or 'pen_tracks', got 'photos'"),
            ("test: {share: 0.5, path: x}", "expected one of writers, path and share"),
        ],
    )
    def test_what_is_wrong_is_said_with_its_line(self, line: str, said: str) -> None:
        """Each mistake is named in words, on its line."""
        text = f"sets:\n  mine:\n    path: x\n    licence: free\n    credit: me\n    {line}\n"
        with pytest.raises(ConfigError, match="line 6") as raised:
            parse_named_sets(text.encode(), "hands.yaml")
        assert said in str(raised.value)

    def test_a_name_that_is_not_there(self, tmp_path: Path) -> None:
        """The nearest name is offered."""
        place = named(tmp_path, "  unipen:\n    path: x.npz")
        with pytest.raises(UsageError, match="no set 'unipne'; did you mean unipen"):
            named_sets(f"{place}#unipne")

    def test_a_variable_that_is_not_set(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A path may begin with an environment variable; one that is missing is named."""
        monkeypatch.delenv("HANDS_ELSEWHERE", raising=False)
        place = named(tmp_path, "  mine:\n    path: $HANDS_ELSEWHERE/x.npz\n    reader: pictures")
        with pytest.raises(UsageError, match="environment variable HANDS_ELSEWHERE is not set"):
            read_sets([place], "train")
        pictures_file(tmp_path / "x.npz")
        monkeypatch.setenv("HANDS_ELSEWHERE", str(tmp_path))
        assert len(read_sets([place], "train")[0]) == 30

    def test_the_packaged_file_is_right(self) -> None:
        """hands.yaml of this repository is read without a problem."""
        path = Path(__file__).parents[2] / "hands.yaml"
        sets = parse_named_sets(path.read_bytes(), path.name)
        assert "mnist" in sets
        assert sum(one.role == "other" for one in sets.values()) >= 1


class TestSplit:
    def test_writers_for_testing_are_in_no_training(self, tmp_path: Path) -> None:
        """What a test writer wrote is read as test digits, and as nothing else."""
        tracks_file(tmp_path / "t.npz")
        (tmp_path / "split.json").write_text(json.dumps({"mine": ["w1", "w5"]}))
        place = named(
            tmp_path,
            "  mine:\n    path: t.npz\n    reader: pen_tracks\n    draws: 2\n"
            '    test: {writers: "split.json#mine"}',
        )
        (train,), (test,) = read_sets([place], "train"), read_sets([place], "test")
        assert set(test.indexes.tolist()) == {*range(5, 10), *range(25, 30)}
        assert not set(train.indexes.tolist()) & set(test.indexes.tolist())

    def test_validation_is_by_whole_writers(self, tmp_path: Path) -> None:
        """Nobody's digits are learnt and validated on: drawings of one track would be in both."""
        tracks_file(tmp_path / "t.npz", count=80, writers=16)
        place = named(
            tmp_path,
            "  mine:\n    path: t.npz\n    reader: pen_tracks\n    draws: 3\n    held_share: 0.2",
        )
        crops = read_training_data(absolute_places([place]), knows_other=True).crops
        learnt, held = split(crops, 5, np.random.default_rng(0))
        writers = [set((one.indexes // 5).tolist()) for one in (learnt, held)]
        assert writers[1]
        assert not writers[0] & writers[1]
        # Each that is learnt is drawn three times, each that is validated on once.
        assert len(learnt) == 3 * len(set(learnt.indexes.tolist()))
        assert len(held) == len(set(held.indexes.tolist()))

    def test_every_training_holds_the_same_back(self, tmp_path: Path) -> None:
        """Networks of any seed keep out what the sets say, so that one thing measures them all."""
        pictures_file(tmp_path / "p.npz", 60)
        place = named(
            tmp_path, "  mine:\n    path: p.npz\n    reader: pictures\n    held_share: 0.3"
        )
        (found,) = read_sets([place], "train")
        one, two = (split_places(found, 9, np.random.default_rng(seed))[1] for seed in (0, 1))
        assert one.tolist() == two.tolist()
        assert 0 < len(one) < 60

    def test_where_nothing_is_held_back_the_seed_draws(self, tmp_path: Path) -> None:
        """A training validates on something, also where the sets leave it open."""
        pictures_file(tmp_path / "p.npz")
        place = named(tmp_path, "  mine:\n    path: p.npz\n    reader: pictures\n    held_share: 0")
        (found,) = read_sets([place], "train")
        kept, held = split_places(found, 6, np.random.default_rng(0))
        assert len(held) == 6
        assert sorted([*kept.tolist(), *held.tolist()]) == list(range(30))

    def test_a_share_by_a_seed(self, tmp_path: Path) -> None:
        """Sets that know no writers are parted by chance, always in the same way."""
        pictures_file(tmp_path / "p.npz", 60)
        place = named(
            tmp_path, "  mine:\n    path: p.npz\n    reader: pictures\n    test: {share: 0.5}"
        )
        train, test = read_sets([place], "train")[0], read_sets([place], "test")[0]
        assert sorted([*train.indexes.tolist(), *test.indexes.tolist()]) == list(range(60))
        assert read_sets([place], "test")[0].indexes.tolist() == test.indexes.tolist()

    def test_what_is_left_out(self, tmp_path: Path) -> None:
        """Wrong labels are in neither part; what is only not learnt stays a test digit."""
        tracks_file(tmp_path / "t.npz")
        (tmp_path / "split.json").write_text(json.dumps({"w": ["w0"], "wrong": [0, 9]}))
        place = named(
            tmp_path,
            "  mine:\n    path: t.npz\n    reader: pen_tracks\n    leave_out: [1, 10]\n"
            '    mislabelled: "split.json#wrong"\n    test: {writers: "split.json#w"}',
        )
        (train,), (test,) = read_sets([place], "train"), read_sets([place], "test")
        assert test.indexes.tolist() == [1, 2, 3, 4]
        assert not {9, 10} & set(train.indexes.tolist())


class TestRoles:
    def test_letters_are_other_but_those_like_digits(self, tmp_path: Path) -> None:
        """Letters are class "other"; one that a digit is written like is not taught as that."""
        tracks_file(tmp_path / "t.npz", letters="AlT")
        place = named(
            tmp_path,
            "  letters:\n    path: t.npz\n    reader: pen_tracks\n    role: other\n"
            '    like_digits: "l o"',
        )
        (found,) = read_sets([place], "train")
        assert set(found.labels.tolist()) == {OTHER}
        assert not set(found.indexes.tolist()) & set(range(1, 40, 3))
        assert found.doubtful is not None
        assert found.doubtful.all()

    def test_one_file_of_both(self, tmp_path: Path) -> None:
        """Of a file with digits and symbols each role takes its own."""
        pictures_file(tmp_path / "p.npz", symbols=True)
        place = named(
            tmp_path,
            "  digits:\n    path: p.npz\n    reader: pictures\n\n"
            "  symbols:\n    path: p.npz\n    reader: pictures\n    role: other",
        )
        digits, symbols = read_sets([place], "train")
        assert OTHER not in digits.labels
        assert set(symbols.labels.tolist()) == {OTHER}
        assert len(digits) + len(symbols) == 30

    def test_digits_for_the_card_are_digits(self, tmp_path: Path) -> None:
        """Test digits that a card is written from hold no letters."""
        pictures_file(tmp_path / "p.npz", symbols=True)
        about = "path: p.npz\n    reader: pictures\n    test: {share: 0.5}"
        place = named(
            tmp_path, f"  digits:\n    {about}\n\n  symbols:\n    {about}\n    role: other"
        )
        test = read_test_digits([place])
        assert test is not None
        assert OTHER not in test.labels


class TestBalance:
    def test_a_large_set_does_not_rule(self, tmp_path: Path) -> None:
        """A set's weight is its share of what is learnt, whatever it counts; the mean stays 1."""
        pictures_file(tmp_path / "large.npz", 90)
        pictures_file(tmp_path / "small.npz", 10)
        place = named(
            tmp_path,
            "  large:\n    path: large.npz\n    reader: pictures\n    weight: 3\n\n"
            "  small:\n    path: small.npz\n    reader: pictures\n    weight: 1",
        )
        large, small = read_sets([place], "train")
        assert large.weights.sum() == pytest.approx(3 * small.weights.sum())
        assert large.weights.sum() + small.weights.sum() == pytest.approx(100)

    def test_what_is_made_of_a_digit_weighs_as_it_does(self, tmp_path: Path) -> None:
        """A scan counts for its set as the digit does, or else balance would be lost again."""
        pictures_file(tmp_path / "large.npz", 40)
        pictures_file(tmp_path / "small.npz", 10)
        place = named(
            tmp_path,
            "  large:\n    path: large.npz\n    reader: pictures\n    held_share: 0\n\n"
            "  small:\n    path: small.npz\n    reader: pictures\n    held_share: 0",
        )
        crops = read_training_data(absolute_places([place]), knows_other=True).crops
        examples = mix(crops, 0, 0, np.random.default_rng(0), scans=1)
        assert examples.weights[50:].tolist() == crops.weights.tolist()


class TestCard:
    def test_terms_and_counts_are_in_words(self, tmp_path: Path) -> None:
        """What a model was trained on is told with count, terms and whose it is."""
        pictures_file(tmp_path / "p.npz")
        write_part(tmp_path / "mnist", "train", drawn_digits(20))
        (tmp_path / "hands.yaml").write_text(
            "sets:\n"
            "  mine: {path: p.npz, reader: pictures, licence: CC0, credit: a club}\n"
            "  mnist: {path: mnist, licence: CC BY-SA 3.0, credit: MNIST}\n"
        )
        places = absolute_places([str(tmp_path / "hands.yaml")])
        data = read_training_data(places, knows_other=True)
        assert "30 crops of mine (pictures" in data.in_words()
        assert "20 crops of mnist" in data.in_words()
        assert data.credit() == "a club (CC0); MNIST (CC BY-SA 3.0)"
        assert str(tmp_path) not in data.in_words()


class TestPenTracks:
    def test_a_damaged_file_is_named(self, tmp_path: Path) -> None:
        """Arrays that do not belong together are refused, with the file's name."""
        path = tracks_file(tmp_path / "t.npz")
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        np.savez(path, **arrays | {"stroke_len": arrays["stroke_len"][:-1]})
        with pytest.raises(UsageError, match=r"t\.npz: stroke_len does not add up"):
            read_pen_tracks(path)
        np.savez(path, points=arrays["points"])
        with pytest.raises(UsageError, match="has no array stroke_len, strokes, label"):
            read_pen_tracks(path)

    def test_one_pen_always_draws_the_same(self, tmp_path: Path) -> None:
        """The plain pen draws a track in one way: what it is judged by hangs on the hand alone."""
        seven = read_pen_tracks(tracks_file(tmp_path / "t.npz")).characters[1]
        one, two = (draw_tracks(seven, PLAIN, np.random.default_rng(seed)) for seed in (0, 1))
        assert (one == two).all()
        assert one.max() == 255
        assert one[0].max() == 0

    def test_other_pens_draw_otherwise(self, tmp_path: Path) -> None:
        """Pens differ: in width, above all, and no drawing is like another."""
        seven = read_pen_tracks(tracks_file(tmp_path / "t.npz")).characters[1]
        crops = [
            center_crop(draw_tracks(seven, Pens(), np.random.default_rng(seed)))
            for seed in range(40)
        ]
        ink: NDArray[np.float64] = np.array([crop.astype(float).sum() for crop in crops])
        assert len({crop.tobytes() for crop in crops}) == 40
        assert ink.max() > 2.5 * ink.min()

    def test_a_point_is_drawn(self) -> None:
        """A track of one point is a dot, however fine the pen."""
        dot = [np.array([[0.0, 0.0]])]
        for seed in range(20):
            assert draw_tracks(dot, Pens(), np.random.default_rng(seed)).max() > 60


class TestHands:
    def test_a_writer_is_one_person_in_all_sets_of_a_collection(self, tmp_path: Path) -> None:
        """Letters go with the digits of who wrote them; another collection's w1 is another one."""
        tracks_file(tmp_path / "d.npz")
        tracks_file(tmp_path / "l.npz", letters="AT")
        about = "path: {}.npz, reader: pen_tracks, licence: free, credit"
        (tmp_path / "hands.yaml").write_text(
            f"sets:\n  digits: {{{about.format('d')}: one}}\n"
            f"  letters: {{{about.format('l')}: one, role: other}}\n"
            f"  others: {{{about.format('d')}: two}}\n"
        )
        digits, letters, others = read_sets([str(tmp_path / "hands.yaml")], "train")
        assert digits.writers is not None
        assert letters.writers is not None
        assert others.writers is not None
        assert digits.writers.tolist() == letters.writers.tolist()
        assert not set(digits.writers.tolist()) & set(others.writers.tolist())

    def test_lines_have_the_letters_of_their_writers(self, tmp_path: Path) -> None:
        """Letters by known writers are read for lines, which do not learn class "other"."""
        tracks_file(tmp_path / "d.npz")
        tracks_file(tmp_path / "l.npz", letters="AT")
        pictures_file(tmp_path / "p.npz", symbols=True)
        place = named(
            tmp_path,
            "  digits:\n    path: d.npz\n    reader: pen_tracks\n\n"
            "  letters:\n    path: l.npz\n    reader: pen_tracks\n    role: other\n\n"
            "  symbols:\n    path: p.npz\n    reader: pictures\n    role: other",
        )
        digits, lines = (
            read_training_data([place], knows_other=False, knows_letters=letters).crops
            for letters in (False, True)
        )
        assert OTHER not in digits.labels
        assert lines.writers is not None
        letters_there = lines.writers[lines.labels == OTHER]
        assert len(letters_there) == 40
        assert (letters_there >= 0).all()

    def test_writers_from_a_table(self, tmp_path: Path) -> None:
        """MNIST's files know no writers; a table beside them tells them, and is checked."""
        write_part(tmp_path / "mnist", "train", drawn_digits(40))
        table = "".join(f"{k % 10}\t0\t{k // 8}\n" for k in range(40))
        (tmp_path / "t.tsv.gz").write_bytes(gzip.compress(table.encode()))
        place = named(tmp_path, '  mnist:\n    path: mnist\n    writers_table: "t.tsv.gz#3"')
        (found,) = read_sets([place], "train")
        assert found.writers is not None
        assert found.writers.tolist() == [k // 8 for k in range(40)]
        (tmp_path / "t.tsv.gz").write_bytes(gzip.compress(table[:-8].encode()))
        with pytest.raises(UsageError, match=r"t\.tsv\.gz"):
            read_sets([place], "train")

    def test_a_line_is_by_one_writer(self) -> None:
        """Where writers are known, the digits of a line are one writer's."""
        crops = np.concatenate([drawn_digits(20, seed).crops for seed in range(3)])
        labels = np.tile(np.arange(10), 6)
        pool = make_pool(crops, labels, 0, 0, np.random.default_rng(0), np.repeat(range(3), 20))
        of_whom = {
            id(glyph): number
            for number, writer in enumerate(pool.writers.writers)
            for glyphs in writer.digits
            for glyph in glyphs
        }
        assert len(pool.writers) == 3
        style = replace(PLAIN_LINES, one_writer_share=1.0, drawn_share=0.0, mixed_share=0.0)
        rng = np.random.default_rng(0)
        who = [{of_whom[id(one)] for one in choose_glyphs(pool, style, rng)} for _ in range(30)]
        assert all(len(one) == 1 for one in who)
        assert set.union(*who) == {0, 1, 2}

    def test_nobody_known_changes_nothing(self) -> None:
        """Without writers the same seed makes the lines that it always made."""
        pool = small_pool()
        never = replace(PLAIN_LINES, one_writer_share=0.0)
        one, two = (
            make_lines(pool, 5, np.random.default_rng(0), style) for style in (PLAIN_LINES, never)
        )
        assert all((a.strip.ink == b.strip.ink).all() for a, b in zip(one, two, strict=True))
