import pandas as pd

from elicitation.buying.market import read_market
from elicitation.buying.purchases import Supply


def test_what_lacks_a_label_is_not_sold_with_it(tmp_path):
    pool = pd.DataFrame({"id": list("abcde"), "text": list("ABCDE"), "gold": [1.0, None, 0.0, 1.0, None]})
    labels = pd.DataFrame({"id": list("tedcba"), "p_weak": [0.9, None, None, 0.3, 0.2, 0.1]})
    files = {"pool": pool, "weak_labels": labels, "ordering": pd.DataFrame({"id": list("edcba")})}
    for name, table in files.items():
        table.to_parquet(tmp_path / name)
    examples, ordering, supply = read_market(*(tmp_path / name for name in files))
    assert examples.drop(columns="p_weak").equals(pool), "test texts are not for sale"
    assert examples.set_index("id").p_weak.dropna().to_dict() == {"a": 0.1, "b": 0.2, "c": 0.3}
    # Weak labels alone in front, gold ones alone at the back, and nothing of what has neither.
    assert ordering == ["b", "c", "a", "d"] and supply == Supply(examples=4, weak=3, gold=3)


def test_without_weak_labels_all_that_has_a_gold_label_is_sold_in_plain_order(tmp_path):
    pool = pd.DataFrame({"id": list("abcde"), "text": list("ABCDE"), "gold": [1.0, None, 0.0, 1.0, None]})
    pool.to_parquet(tmp_path / "pool")
    pd.DataFrame({"id": list("edcba")}).to_parquet(tmp_path / "ordering")
    examples, ordering, supply = read_market(tmp_path / "pool", None, tmp_path / "ordering")
    assert examples.p_weak.isna().all() and len(examples) == 5
    assert ordering == ["d", "c", "a"] and supply == Supply(examples=3, weak=0, gold=3)
