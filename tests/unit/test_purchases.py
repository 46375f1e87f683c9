import pytest
from hypothesis import given
from hypothesis import strategies as st

from elicitation.buying.purchases import buy, check_supply, full_supply, order_pool
from elicitation.errors import InputError

seeds = st.integers(0, 10_000)
pools = st.lists(st.text("0123456789abcdef", min_size=4, max_size=8), min_size=1, max_size=40, unique=True)


@st.composite
def growing_purchases(draw):
    """A pool, a purchase that it can serve, and one that asks for no more of either label."""
    ids = draw(pools)
    n_weak = draw(st.integers(0, len(ids)))
    n_gold = draw(st.integers(0, len(ids) - n_weak))
    return ids, (n_weak, n_gold), (draw(st.integers(0, n_weak)), draw(st.integers(0, n_gold)))


@given(growing_purchases(), seeds)
def test_smaller_purchases_are_contained_in_larger_ones(case, seed):
    ids, larger, smaller = case
    ordering = order_pool(ids, seed)
    more, less = buy(ordering, *larger, "task"), buy(ordering, *smaller, "task")
    assert set(less.weak) <= set(more.weak)
    assert set(less.gold) <= set(more.gold)


@given(growing_purchases(), seeds)
def test_a_purchase_is_exact_and_buys_no_example_twice(case, seed):
    ids, (n_weak, n_gold), _ = case
    purchase = buy(order_pool(ids, seed), n_weak, n_gold, "task")
    assert (len(purchase.weak), len(purchase.gold)) == (n_weak, n_gold)
    bought = purchase.weak + purchase.gold
    assert len(set(bought)) == len(bought)
    assert set(bought) <= set(ids)


@given(growing_purchases(), seeds)
def test_weak_labels_do_not_depend_on_how_many_gold_ones_are_bought(case, seed):
    ids, (n_weak, n_gold), _ = case
    ordering = order_pool(ids, seed)
    assert buy(ordering, n_weak, n_gold, "task").weak == buy(ordering, n_weak, 0, "task").weak


@given(st.data(), pools, seeds)
def test_the_ordering_depends_on_the_ids_and_the_seed_alone(data, ids, seed):
    shuffled = data.draw(st.permutations(ids))
    assert order_pool(shuffled, seed) == order_pool(ids, seed)
    assert sorted(order_pool(ids, seed)) == sorted(ids)


def test_seeds_order_the_pool_differently():
    ids = [f"{i:03}" for i in range(100)]
    assert order_pool(ids, 0) != order_pool(ids, 1)


def test_a_pool_can_be_bought_to_the_last_example():
    check_supply(full_supply(10), 4, 6, "task")


@pytest.mark.parametrize(("n_weak", "n_gold"), [(5, 6), (11, 0), (0, 11)])
def test_shortage_is_an_error_that_names_task_and_numbers(n_weak, n_gold):
    with pytest.raises(InputError, match=rf"'sst2'.* 10 examples.* {n_weak} weak and {n_gold} gold"):
        buy([str(i) for i in range(10)], n_weak, n_gold, "sst2")
