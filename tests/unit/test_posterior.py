import numpy as np
import pandas as pd
import pytest
from simulated import ASKED, NAMES, PURCHASES, TRUTHS, draw_study, fit

from elicitation.analysis.names import ASKING, AVERAGE, COMMONER, LABELS, PURCHASE
from elicitation.analysis.posterior import DRAWS, Posterior, Scores, joined, place, read_posterior, standard_draws
from elicitation.analysis.posterior_fitting import fit_posterior

TRUTH = TRUTHS["two sigmoids"]


@pytest.fixture(scope="module")
def table():
    """The evidence of one study."""
    return draw_study(PURCHASES, TRUTH, np.random.default_rng(0))


@pytest.fixture(scope="module")
def block(table):
    [block] = fit(table)
    return block


@pytest.fixture(scope="module")
def surface(block):
    return block.surfaces[0]


def test_a_posterior_holds_what_was_measured_at_purchases_that_were_run(table, surface):
    runs = table[table.kind == PURCHASE]
    scores = surface.at(runs.n_weak, runs.n_gold)
    low, high = scores.interval
    assert ((low < runs.score) & (runs.score < high)).all()
    i, j = surface.runs.T
    assert surface.measured[i, j] == pytest.approx(runs.set_index(["n_weak", "n_gold"]).score[
        list(zip(surface.weak[i], surface.gold[j], strict=True))
    ].to_numpy())  # fmt: skip
    assert (surface.n_seeds[i, j] == 4).all() and surface.studied[i, j].all()


def test_what_costs_nothing_is_known(table, block):
    assert {free.kind: free.supervisor for free in block.free} == {ASKING: "", COMMONER: "", LABELS: "v"}
    free = {free.kind: free.scores for free in block.free}
    measured = table.set_index("kind").score
    assert free[COMMONER].mean[0] == pytest.approx(0.5, abs=1e-6) and measured[COMMONER] == 0.5
    assert free[ASKING].mean[0] == pytest.approx(measured[ASKING], abs=0.01)
    assert free[ASKING].interval[0] < ASKED < free[ASKING].interval[1]
    assert block.best_free({"v": 0.1}).kind == ASKING, "nobody can buy nothing and get the weak labels"
    assert block.best_free({"v": 0}).kind == LABELS, "unless these are free"


def test_between_purchases_one_is_less_sure_than_at_them():
    runs = np.array([(0, 4), (0, 8), (0, 16), (0, 512), (0, 1024)])
    [block] = fit(draw_study(runs, TRUTH, np.random.default_rng(0)))
    low, high = block.surfaces[0].at(np.zeros(3), np.array([16, 90, 512])).interval
    assert (high - low)[1] > (high - low)[[0, 2]].max()


def test_scores_are_exact_at_crossings_and_linear_between_them(surface):
    i, j = np.nonzero(surface.studied)
    found = surface.at(surface.weak[i], surface.gold[j])
    assert np.array_equal(found.mean, surface.mean[i, j]) and np.array_equal(found.factors, surface.factors[i, j])
    # Along gold labels alone, in their logarithm.
    line = surface.gold[surface.studied[0]]
    low, high = line[-3:-1]
    n = np.arange(low, high + 1)
    along = surface.at(np.zeros_like(n), n).mean
    share = (np.log1p(n) - np.log1p(low)) / (np.log1p(high) - np.log1p(low))
    assert along == pytest.approx((1 - share) * along[0] + share * along[-1])


def test_scores_beyond_the_lines_are_missing(surface):
    beyond = surface.at([0, 10**6, 0], [4, 0, 10**5]).mean
    assert np.isnan(beyond).all()
    assert np.isfinite(surface.at(0, 1024).mean).all()


def test_wherever_neighbours_were_studied_a_score_is_known(surface):
    rng = np.random.default_rng(1)
    i, j = np.nonzero(surface.studied[:-1, :-1] & surface.studied[1:, 1:])
    n_weak = rng.integers(surface.weak[i], surface.weak[i + 1] + 1)
    n_gold = rng.integers(surface.gold[j], surface.gold[j + 1] + 1)
    assert np.isfinite(surface.at(n_weak, n_gold).mean).all()


def test_a_surface_of_one_purchase_is_a_point():
    [block] = fit(draw_study(np.array([(0, 16)]), [0.8], np.random.default_rng(2)))
    [surface] = block.surfaces
    assert surface.at(0, 16).mean[0] == surface.mean[0, 0]
    assert np.isnan(surface.at(0, 17).mean[0])


def test_place_on_lines():
    at, share = place(np.array([0, 10, 100]), [0, 10, 31, 100, 1000])
    assert at.tolist() == [0, 1, 1, 2, 2]
    assert share == pytest.approx([0, 0, np.log(32 / 11) / np.log(101 / 11), 0, 0])


def test_intervals_stay_within_0_and_1_and_draws_are_the_posteriors():
    scores = Scores(np.array([0.99, 0.5]), np.array([[0.05, 0.0], [0.01, 0.02]]))
    assert scores.interval[1, 0] == 1
    draws = scores.draws
    assert draws.shape == (2, DRAWS)
    assert np.cov(draws) == pytest.approx(scores.factors @ scores.factors.T, abs=2e-4)
    assert draws.mean(axis=1) == pytest.approx(scores.mean, abs=0.005)


def test_draws_are_the_same_always_and_do_not_depend_on_the_rank():
    assert np.array_equal(standard_draws(3), standard_draws(3))
    assert np.array_equal(standard_draws(5)[:3], standard_draws(3))


def test_joined_scores_keep_their_order():
    one, other = Scores(np.array([1.0]), np.ones((1, 2))), Scores(np.array([2.0, 3]), np.zeros((2, 2)))
    assert joined([one, other]).mean.tolist() == [1, 2, 3]


def test_a_fit_is_the_same_every_time(table):
    groups = table[table.kind == PURCHASE][["student", "task", "supervisor", "method"]].drop_duplicates()
    one, other = (fit_posterior(table, groups, []) for _ in range(2))
    pd.testing.assert_frame_equal(one.drop(columns="factors"), other.drop(columns="factors"))
    assert np.array_equal(np.stack(one.factors), np.stack(other.factors))


def test_a_table_on_disk_is_read_as_it_was(table, block, tmp_path):
    groups = table[table.kind == PURCHASE][["student", "task", "supervisor", "method"]].drop_duplicates()
    fit_posterior(table, groups, []).to_parquet(tmp_path / "posterior.parquet")
    [read] = read_posterior(tmp_path / "posterior.parquet").blocks
    for name in ("mean", "factors", "studied", "n_seeds"):
        assert np.array_equal(getattr(read.surfaces[0], name), getattr(block.surfaces[0], name), equal_nan=True)


def test_supervisors_have_one_number_for_gold_labels_alone():
    rng = np.random.default_rng(3)
    one = draw_study(PURCHASES, TRUTH, rng)
    other = draw_study(PURCHASES, TRUTHS["falling"], rng, supervisor="w")
    gold = (other.kind == PURCHASE) & (other.n_weak == 0)
    [block] = fit(pd.concat([one, other[~gold]], ignore_index=True))
    first, second = (surface.at(np.zeros(2), np.array([20, 300])) for surface in block.surfaces)
    assert first.mean == pytest.approx(second.mean)
    assert (first.draws - second.draws).std() < 0.002
    assert block.only(supervisor="w").surfaces == [block.surfaces[1]]
    assert len(block.only(method="m").surfaces) == 2 and not block.only(method="another").surfaces


def test_another_method_on_the_same_labels_lends_strength():
    """A method with two purchases alone is as uncertain between them as anything; another one's shape tells more."""
    rng = np.random.default_rng(4)
    few = draw_study(np.array([(0, 16), (0, 1024)]), TRUTH, rng, method="few")
    [alone] = fit(few)
    [both] = fit(pd.concat([draw_study(PURCHASES, TRUTH, rng), few], ignore_index=True))
    width = [np.ptp(block.only(method="few").surfaces[0].at(0, 128).interval) for block in (alone, both)]
    assert width[1] < 0.8 * width[0]


def test_an_average_comes_first_and_lies_between_its_tasks():
    rng = np.random.default_rng(5)
    tables = [draw_study(PURCHASES, TRUTH, rng, task=task) for task in "abc"]
    blocks = fit(pd.concat(tables, ignore_index=True), over="abc")
    assert [block.task for block in blocks] == [AVERAGE, "a", "b", "c"]
    assert [block.n_tasks for block in blocks] == [3, 1, 1, 1]
    means = [block.surfaces[0].at(0, 128).mean[0] for block in blocks]
    assert min(means[1:]) < means[0] < max(means[1:])
    assert {block.student for block in blocks} == {NAMES["student"]}


def test_a_student_that_is_only_asked_has_a_posterior_without_purchases():
    rng = np.random.default_rng(6)
    asked = draw_study(PURCHASES, TRUTH, rng, task="asked")
    table = pd.concat([asked[asked.kind != PURCHASE], draw_study(PURCHASES, TRUTH, rng)], ignore_index=True)
    groups = table[table.kind == PURCHASE][["student", "task", "supervisor", "method"]].drop_duplicates()
    first, second = Posterior(fit_posterior(table, groups, [])).blocks
    assert not first.surfaces and len(second.surfaces) == 1
    measured = asked.set_index("kind").score[ASKING]
    assert first.best_free({}).scores.mean[0] == pytest.approx(measured, abs=0.01)
    assert np.isfinite(first.best_free({}).scores.interval).all()
