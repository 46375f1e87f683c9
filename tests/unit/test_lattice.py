import numpy as np
import pytest
from simulated import PURCHASES

from elicitation.analysis.lattice import LINES_A_DECADE, among, lines, make_lattice


def studied(lattice):
    i, j = np.nonzero(lattice.studied)
    return set(zip(lattice.weak[i].tolist(), lattice.gold[j].tolist(), strict=True))


def test_lines_go_through_what_was_run_and_are_even_between():
    found = lines(np.array([16, 3, 1000, 16]))
    assert {3, 16, 1000} <= set(found.tolist()) and found[0] == 3 and found[-1] == 1000
    assert (np.diff(found) > 0).all()
    steps = np.diff(np.log10(found[found >= 16]))
    assert steps.max() < 1.5 / LINES_A_DECADE
    # No two lines are so near that nothing lies between them.
    assert (found[1:] / found[:-1] > 1.05).all()


def test_every_run_is_a_crossing_that_was_studied():
    assert set(map(tuple, PURCHASES.tolist())) <= studied(make_lattice(PURCHASES))


def test_nothing_beyond_the_runs_of_a_strategy_was_studied():
    found = studied(make_lattice(PURCHASES))
    weak = [w for w, g in found if g == 0]
    gold = [g for w, g in found if w == 0]
    assert (min(weak), max(weak)) == (160, 10240) and (min(gold), max(gold)) == (16, 1024)
    mixed = np.array([pair for pair in found if 0 not in pair])
    runs = PURCHASES[(PURCHASES > 0).all(axis=1)]
    assert (mixed.min(axis=0) >= runs.min(axis=0)).all() and (mixed.max(axis=0) <= runs.max(axis=0)).all()


def test_a_mixture_that_is_all_but_pure_was_not_studied():
    """It would be as good as what is pure, which would win under another name."""
    found = studied(make_lattice(PURCHASES))
    assert not [pair for pair in found if 0 not in pair and min(pair) < 3]
    # Such a one counts if it was run.
    assert (1000, 1) in studied(make_lattice(np.vstack([PURCHASES, [[1000, 1]]])))


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        pytest.param([(0, 16)], {(0, 16)}, id="one run"),
        pytest.param([(100, 10)], {(100, 10)}, id="one mixture"),
    ],
)
def test_few_runs_have_nothing_between_them(runs, expected):
    assert studied(make_lattice(np.array(runs))) == expected


@pytest.mark.parametrize("runs", [[(100, 10), (1000, 100)], [(99, 9), (999, 99), (9999, 999)]])
def test_between_mixtures_on_one_line_the_line_was_studied(runs):
    found = studied(make_lattice(np.array(runs)))
    assert set(runs) < found
    for n_weak, n_gold in found:
        assert abs(np.log1p(n_weak) - np.log1p(n_gold) - np.log(10)) < 0.35


def test_two_pure_runs_have_their_line_between_them():
    found = studied(make_lattice(np.array([(0, 16), (0, 64)])))
    assert {(0, 16), (0, 64)} < found and all(w == 0 and 16 <= g <= 64 for w, g in found)


def test_pure_runs_of_both_kinds_do_not_make_mixtures():
    found = studied(make_lattice(np.array([(100, 0), (1000, 0), (0, 10), (0, 100)])))
    assert all(0 in pair for pair in found)


def test_a_hull_is_one_on_logarithmic_scales():
    runs = np.array([(10, 10), (1000, 10), (10, 1000)])
    inside = among(np.array([(11, 11), (90, 90), (500, 500), (10, 10)]), runs)
    assert inside.tolist() == [True, True, False, True]
