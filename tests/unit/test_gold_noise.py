"""Gold labels that may be wrong: how many, and what that does to intervals of scores."""

import copy

import numpy as np
import pandas as pd
import pytest
from random_configs import OWN_STUDY, write_files
from scipy.stats import norm
from simulated import NAMES, draw_study, purchases_of
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from elicitation.analysis.evidence import ENDS
from elicitation.analysis.intervals import widened, wilson
from elicitation.analysis.label_quality import tabulate_sources
from elicitation.analysis.measures import MEASURES, gold_shift
from elicitation.analysis.names import GROUP, LABELS, PURCHASE
from elicitation.analysis.posterior import Posterior, gap
from elicitation.analysis.posterior_fitting import fit_posterior
from elicitation.analysis.scoring import evaluate_runs, summarise
from elicitation.data.gold_noise import GoldPairs, most_different, noise_of_pairs
from elicitation.errors import InputError
from elicitation.study.validation import validate

PURCHASES = purchases_of((16, 64), (0, 0.5, 1))


# How many are wrong


def test_the_share_of_pairs_that_differ_is_taken_at_the_upper_end_of_its_interval():
    for pairs in (GoldPairs(100, 10), GoldPairs(8, 0), GoldPairs(1000, 499)):
        assert most_different(pairs) == pytest.approx(wilson(pairs.different, pairs.n)[1], abs=1e-4)
    assert most_different(GoldPairs(0, 0)) == 1


def test_pairs_of_labels_with_a_known_share_of_errors_give_that_share():
    rng, found = np.random.default_rng(0), []
    for _ in range(200):
        wrong = rng.random((400, 2)) < 0.08
        found.append(noise_of_pairs(GoldPairs(400, int((wrong[:, 0] != wrong[:, 1]).sum())), "here"))
    # An upper bound in 97.5 % of the cases, and no far one.
    assert np.mean(np.array(found) >= 0.08) > 0.94 and np.median(found) < 0.11


@pytest.mark.parametrize("pairs", [GoldPairs(0, 0), GoldPairs(3, 0), GoldPairs(100, 45)])
def test_pairs_that_leave_all_open_are_refused(pairs):
    with pytest.raises(InputError, match="leaves open whether they are better than guessed; label more texts twice"):
        noise_of_pairs(pairs, "here")


# What it does to a score


@pytest.mark.parametrize("share", [0.5, 0.2])
@pytest.mark.parametrize("measure", MEASURES)
def test_a_score_is_off_by_no_more_than_the_shift_where_labels_are_wrong_at_random(measure, share):
    rng, n, noise = np.random.default_rng(1), 60_000, 0.08
    true = (rng.random(n) < share).astype(int)
    gold = np.where(rng.random(n) < noise, 1 - true, true)
    shift = gold_shift(measure, noise, gold)
    for skill in (0.5, 2, 8):
        log_odds = rng.standard_normal(n) + skill * (2 * true - 1)
        score = {
            "accuracy": lambda labels, said: np.mean(labels == (said > 0)),
            "balanced_accuracy": lambda labels, said: balanced_accuracy_score(labels, said > 0),
            "auroc": roc_auc_score,
        }[measure]
        assert abs(score(true, log_odds) - score(gold, log_odds)) < shift + 0.005
    # The best student of all is off by just that much.
    assert abs(score(true, log_odds) - score(gold, log_odds)) == pytest.approx(shift, abs=0.006)


def test_on_balanced_labels_all_measures_shift_by_the_share():
    gold = np.arange(100) % 2
    assert [gold_shift(measure, 0.1, gold) for measure in MEASURES] == pytest.approx([0.1] * 3)


@pytest.mark.parametrize("deviations", [0, 0.25, 0.5, 1, 2, 4])
def test_widened_intervals_hold_the_truth_even_if_all_wrong_labels_go_one_way(deviations):
    """By whatever share of the shift the score is off, and however large that is beside the sampling error."""
    error, shift = 0.02, 0.02 * deviations
    low, high = widened(0.7, 0.7 - 1.96 * error, 0.7 + 1.96 * error, shift)
    half = (high - low) / 2
    for off in np.linspace(0, shift, 5):
        holds = norm.cdf((half - off) / error) - norm.cdf((-half - off) / error)
        assert holds > 0.9495


def test_intervals_stay_within_0_and_1():
    low, high = widened(np.array([0.02, 0.99]), np.array([0.0, 0.9]), np.array([0.1, 1.0]), 0.2)
    assert low[0] == 0 and high[1] == 1


# Tables


def runs(n=400, seeds=3):
    rng = np.random.default_rng(2)
    test = pd.DataFrame({"id": range(n), "gold": np.arange(n) % 2, "p_weak": rng.random(n)})
    log_odds = [rng.standard_normal(n) + 1.2 * (2 * test.gold - 1) for _ in range(seeds)]
    predictions = pd.concat(
        pd.DataFrame({"n_weak": 0, "n_gold": 8, "seed": seed, "id": test.id, "log_odds": run, "precision": "float32"})
        for seed, run in enumerate(log_odds)
    )
    return NAMES, None, test, predictions, [(0, 8, seed) for seed in range(seeds)], "accuracy"


def test_scores_of_runs_keep_their_means_and_get_wider_intervals():
    (plain, evidence), (noisy, shifted) = evaluate_runs(*runs()), evaluate_runs(*runs(), 0.1)
    kept = [name for name in plain if not name.endswith(("_low", "_high"))]
    assert noisy[kept].equals(plain[kept])
    for name in ("accuracy", "auroc"):
        for end in ("low", "high"):
            before, after = (abs(table[f"{name}_{end}"] - table[name]) for table in (plain, noisy))
            reach = 1 - noisy[name] if end == "high" else 1
            assert after.to_numpy() == pytest.approx(np.minimum(np.hypot(before, 0.196), reach))
    assert shifted.drop(columns=["gold_shift", *ENDS]).equals(evidence.drop(columns=ENDS))
    assert shifted.gold_shift.eq(0.1).all()
    [labels], [wide] = evidence[evidence.kind == LABELS].index, shifted.index[shifted.kind == LABELS]
    ends = widened(evidence.score[labels], *evidence.loc[labels, ENDS], 0.1)
    assert tuple(shifted.loc[wide, ENDS]) == pytest.approx(ends), "also of labels as they are"
    assert shifted.loc[shifted.kind != LABELS, ENDS].isna().all(axis=None)
    assert set(plain) == set(noisy) - {"accuracy_shift", "auroc_shift"}


def test_summaries_are_widened_but_not_what_no_gold_label_says():
    plain, noisy = (summarise(evaluate_runs(*runs(), *noise)[0].assign(n_tasks=1)) for noise in ((), (0.1,)))
    for name in ("accuracy", "matched_accuracy", "weak_accuracy"):
        before = plain[name] - plain[f"{name}_low"]
        assert (noisy[name] - noisy[f"{name}_low"])[0] == pytest.approx(np.hypot(before[0], 0.196))
    same = ["weak_agreement_low", "weak_agreement_high", "pgr_low", "pgr_high", "accuracy", "auroc"]
    assert noisy[same].equals(plain[same])
    assert (noisy.auroc_high - noisy.auroc)[0] == pytest.approx(np.hypot((plain.auroc_high - plain.auroc)[0], 0.196))


def test_the_posterior_widens_scores_and_no_difference_between_them():
    table = draw_study(PURCHASES, np.linspace(0.6, 0.8, len(PURCHASES)), np.random.default_rng(3))
    groups = table.loc[table.kind == PURCHASE, GROUP].drop_duplicates()
    plain, noisy = (
        Posterior(fit_posterior(evidence, groups, [])).blocks[0] for evidence in (table, table.assign(gold_shift=0.05))
    )
    before, after = (block.surfaces[0].scores(block.surfaces[0].runs) for block in (plain, noisy))
    assert after.mean == pytest.approx(before.mean)
    spread = [np.sqrt((scores.factors**2).sum(axis=1)) for scores in (before, after)]
    assert spread[1] == pytest.approx(np.hypot(spread[0], 0.05), rel=1e-4)
    one, other = (np.array([place]) for place in (0, len(before.mean) - 1))
    assert gap(after.on(one), after.on(other)) == pytest.approx(gap(before.on(one), before.on(other)), abs=1e-6)


def test_an_average_over_tasks_may_be_off_by_the_mean_of_their_shifts():
    tables = [
        draw_study(PURCHASES, np.full(len(PURCHASES), 0.7), np.random.default_rng(i), task=f"t{i}") for i in (0, 1)
    ]
    shifts = [0.0, 0.1]
    table = pd.concat(t.assign(gold_shift=s) for t, s in zip(tables, shifts, strict=True))
    groups = table.loc[table.kind == PURCHASE, GROUP].drop_duplicates()
    blocks = Posterior(fit_posterior(table, groups, ["t0", "t1"])).blocks
    plain = Posterior(fit_posterior(table.drop(columns="gold_shift"), groups, ["t0", "t1"])).blocks
    added = [
        float(np.sqrt((b.free[0].scores.factors ** 2).sum() - (a.free[0].scores.factors ** 2).sum()))
        for a, b in zip(plain, blocks, strict=True)
    ]
    assert added == pytest.approx([0.05, 0, 0.1], abs=1e-4)


def test_intervals_of_weak_labels_are_widened_too():
    source = {"column": "llm", "aggregate": "", "n": 100, "accuracy": 0.8, "accuracy_low": 0.7, "accuracy_high": 0.86}
    source |= {"coverage": 1.0}
    record = {"wildcards": {"task": "t", "supervisor": "s"}, "sources": [source]}
    asked = [record], [{"abstentions": [0.0]}], {"s": [1]}, {"s": {"llm": 1}}
    [row] = tabulate_sources(*asked, {"t": 0.1}).to_dict("records")
    assert (row["accuracy_low"], row["accuracy_high"]) == pytest.approx((0.8 - np.hypot(0.1, 0.196), 1.0))
    assert row["accuracy"] == 0.8 and tabulate_sources(*asked, {}).accuracy_low[0] == 0.7


# Studies


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """The working directory, with the files that OWN_STUDY names."""
    folder = tmp_path_factory.mktemp("study")
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def study(folder, gold_noise, content=None, **settings):
    """OWN_STUDY with this gold_noise, on a table of 200 rows with two gold labels each."""
    study = copy.deepcopy(OWN_STUDY)
    study["supervisors"] = [{"name": "llm", "columns": {"w1": 0.1}}]
    study["tasks"] = [{"name": "mine", "table": "own/twice.csv", "test_size": 60, "gold_noise": gold_noise} | settings]
    study["grid"] = {"weak_price": 0.25, "budgets": [4], "gold_shares": [0, 1]}
    if content is None:
        content = "text,gold,gold_b,w1,w2\n" + "".join(
            f"t{i},{i % 2},{'' if i < 100 else (i + (i < 104)) % 2},0.{i % 7 + 1},1\n" for i in range(200)
        )
    (folder / "own/twice.csv").write_text(content)
    return validate(study)


def test_a_share_is_taken_as_it_is_and_no_job_of_the_task_sees_it(folder):
    with_noise, without = study(folder, 0.05), study(folder, 0)
    assert with_noise.gold_noise == {"mine": 0.05} and without.gold_noise == {}
    assert with_noise.tasks[0].plain == without.tasks[0].plain and "gold_noise" not in without.tasks[0].plain


def test_the_share_is_estimated_from_a_second_column(folder):
    # 4 of 100 differ.
    found = study(folder, "estimated", second_label="gold_b")
    assert found.gold_noise["mine"] == pytest.approx(noise_of_pairs(GoldPairs(100, 4), ""))
    assert 0.04 < found.gold_noise["mine"] < 0.06


def test_the_second_column_is_read_as_the_first_is(folder):
    rows = "".join(
        f"t{i},{'spam' if i % 2 else 'ham'},{'spam' if i % 2 else 'ham'},0.{i % 7 + 1}\n" for i in range(200)
    )
    label = {"column": "class", "is": "spam"}
    found = study(folder, "estimated", "text,class,again,w1\n" + rows, label=label, second_label="again")
    assert found.gold_noise["mine"] == pytest.approx(noise_of_pairs(GoldPairs(200, 0), ""))


def test_the_share_is_estimated_from_texts_that_stand_twice(folder):
    rows = [f"t{i},{i % 2},0.{i % 7 + 1}" for i in range(200)] + [f" T{i},{(i + (i < 3)) % 2}," for i in range(80)]
    found = study(folder, "estimated", "text,gold,w1\n" + "\n".join(rows))
    assert found.gold_noise["mine"] == pytest.approx(noise_of_pairs(GoldPairs(80, 3), ""))


NOT_TWICE = (
    "tasks[mine].gold_noise: 0 texts have two gold labels, different ones in 0, which leaves open whether they are"
)
WORDS = "text,gold,text2,w1\n" + "".join(f"t{i},{i % 2},a,0.{i % 7 + 1}\n" for i in range(200))
RARE = "text,gold,w1\n" + "".join(f"t{i},{int(i % 10 == 0)},0.{i % 7 + 1}\n" for i in range(200))


@pytest.mark.parametrize(
    ("noise", "says", "more"),
    [
        ("estimated", NOT_TWICE, {}),
        (0.1, "share of 0.1 may be wrong, but only 0.1 are of label 1, so all of these may be", {"content": RARE}),
        (0.5, "tasks[mine].gold_noise: 0.5 must be below 0.5", {}),
        (0.1, "second_label: says how many gold labels are wrong; add `gold_noise: est", {"second_label": "gold_b"}),
        ("guess", "tasks[mine].gold_noise", {}),
        ("estimated", "the column 'gold_c' is missing", {"second_label": "gold_c"}),
        ("estimated", "'w1' is the column of the gold labels of 'mine'; name columns", {"second_label": "w1"}),
        ("estimated", "second_label: 'gold' is the column of the first gold labels", {"second_label": "gold"}),
        ("estimated", "'text2' holds what is no label, 'a'", {"content": WORDS, "second_label": "text2"}),
        ("estimated", "which stand in column 'gold_b'", {"text": "{text} {gold_b}", "second_label": "gold_b"}),
    ],
)  # fmt: skip
def test_what_says_nothing_of_gold_labels_is_refused(folder, noise, says, more):
    with pytest.raises(InputError) as caught:
        study(folder, noise, **more)
    assert says in str(caught.value)


def test_second_gold_labels_are_no_weak_ones(folder):
    found = study(folder, "estimated", second_label="gold_b")
    assert found.columns_in(found.tasks[0]) == ["w1", "w2"]
    changed = copy.deepcopy(OWN_STUDY)
    changed["supervisors"] = [{"name": "b", "columns": {"gold_b": 0.1}}]
    changed["tasks"] = [
        {"name": "mine", "table": "own/twice.csv", "test_size": 60, "gold_noise": "estimated", "second_label": "gold_b"}
    ]
    with pytest.raises(
        InputError, match="'gold_b' is the column of the gold labels of 'mine'; name columns of weak ones"
    ):
        validate(changed)


def test_copies_of_rows_that_are_votes_tell_nothing(folder):
    rows = "".join(f"t{i},{i % 2},p{j},{(i + (j > 1)) % 2}\n" for i in range(200) for j in range(3))
    changed = copy.deepcopy(OWN_STUDY)
    changed["supervisors"] = [{"name": "crowd", "columns": {"vote": 0.1}, "worker": "who", "aggregate": "mean"}]
    changed["tasks"] = [{"name": "mine", "table": "own/votes.csv", "test_size": 60, "gold_noise": "estimated"}]
    (folder / "own/votes.csv").write_text("text,gold,who,vote\n" + rows)
    with pytest.raises(InputError, match="rows of 'vote' are votes, so a text's gold label stands in all of its rows"):
        validate(changed)
