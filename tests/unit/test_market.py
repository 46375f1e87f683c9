import pandas as pd

from elicitation.market import read_market
from elicitation.purchases import Supply


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
