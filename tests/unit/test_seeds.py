from hypothesis import given
from hypothesis import strategies as st

from elicitation.seeds import derive_seed, stream

names = st.lists(st.text("abc", min_size=1) | st.integers(0, 99), max_size=3)


@given(st.integers(0, 2**32), names)
def test_seeds_are_repeatable_and_fit_torch_and_numpy(seed, path):
    derived = derive_seed(seed, *path)
    assert derived == derive_seed(seed, *path)
    assert 0 <= derived < 2**63


def test_seeds_never_change_between_versions_and_machines():
    assert derive_seed(0, "purchases") == 6357805592821935587


def test_streams_differ_by_seed_and_by_name():
    paths = [(0, "head"), (1, "head"), (0, "lora"), (0, "weak", "split"), (0, "gold", "split"), (0, "weak")]
    first_draws = {stream(*path).random() for path in paths}
    assert len(first_draws) == len(paths)


def test_drawing_from_one_stream_leaves_another_as_it_was():
    undisturbed = stream(0, "b").random()
    stream(0, "a").random(1000)
    assert stream(0, "b").random() == undisturbed
