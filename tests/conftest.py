"""The order of the tests."""

# Files that take minutes, or most of one. The first and the third wait most of their time: one process gets both, while
# the other computes.
LONG = (
    *("slurm", "default_study", "bare_machine", "crashes", "real_models", "api_student", "api_supervisor"),
    *("all_methods", "own_study", "commands", "explorer_in_browser"),
    *("mini_study", "public_shapes", "bad_input", "dry_runs", "random_configs"),
    *("coverage", "together", "invariants", "gguf_files", "gpu_benchmark"),
)


def pytest_collection_modifyitems(items) -> None:
    """Long files first, so that none is left to run alone at the end.

    In the browser, pages that one test opens come last, since the one that most tests share takes long to load again.
    """
    places = {f"test_{name}.py": place for place, name in enumerate(LONG)}

    def place(item) -> tuple[int, bool]:
        opens_a_page = "browser" in item.fixturenames and "page" not in item.fixturenames
        return places.get(item.path.name, len(places)), opens_a_page

    items.sort(key=place)
