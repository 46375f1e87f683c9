"""From the rows of a task's source to its pool, test and supervision set."""

from collections.abc import Callable, Mapping, Sequence
from itertools import compress

import pandas as pd

from elicitation.data import sandbox
from elicitation.data.formatting import RowError, columns_read, format_row, label_column, text_key
from elicitation.data.labels import Rule, complete, listing, read_gold, rule_of
from elicitation.data.own_labels import Row, read_rows
from elicitation.data.ratings import MEAN_WORDS, draw_votes, panel_size, ratings_file
from elicitation.data.sources import as_list, splits_read
from elicitation.data.splits import read_split
from elicitation.data.supervisor_texts import further_columns
from elicitation.data.table_sets import draw_sets, join_repeated
from elicitation.data.templates import fill
from elicitation.errors import InputError, nearest
from elicitation.files import hash_text
from elicitation.seeds import stream

# Whether each of some texts is to stay, by the columns that hold them.
Fits = Mapping[str, Callable[[list[str]], list[bool]]]
# The sets of a task are the same whatever the study's seeds.
SHUFFLE_SEED = 0


def fitting(texts: Mapping[str, Sequence[str]], fits: Fits) -> list[bool]:
    """Whether all texts of each example stay. texts: by column, among them those of `fits`, of which there are some."""
    return [all(each) for each in zip(*(fit(list(texts[column])) for column, fit in fits.items()), strict=True)]


def format_rows(rows: pd.DataFrame, task: dict, split: str) -> pd.DataFrame:
    """Text and gold label of every row that has a text, in the rows' order; and the supervisors' text, if it has one.

    Raises InputError if columns are missing, the split is empty, or a row does not fit the task's rule.
    """
    where = f"Task {task['name']!r}, split {split!r}"
    if rows.empty:
        raise InputError(f"{where}: it has no rows; name another split or fix the file.")
    texts = columns_read(task)
    columns = list(dict.fromkeys([*texts, *as_list(label_column(task) or [])]))
    for column in columns:
        if column not in rows.columns:
            raise InputError(f"{where}: the column {column!r} is missing{nearest(column, list(rows.columns))}")
    whole = rows[columns][rows[texts].notna().all(axis=1)]
    if "label" in task:
        task = task | {"label": checked_rule(whole, task, where)}
    examples = []
    for place, row in zip(whole.index, whole.to_dict("records"), strict=True):
        try:
            examples.append(format_row(row, task))
        except RowError as error:
            raise InputError(f"{where}: {error.problem} in row {place}, {error.fix}") from error
    columns = ["text", "gold", *further_columns(task)]
    return pd.DataFrame([example for example in examples if example], columns=columns)


def checked_rule(rows: pd.DataFrame, task: dict, where: str) -> Rule:
    """The task's rule for labels with all that the column holds; what it drops is counted on the log.

    Raises InputError if a row has no label, or another value than the rule names, and the rule drops no rows.
    """
    cells = rows[label_column(task)].tolist()
    rule = complete(rule_of(task["label"]), cells, where)
    found = read_gold(cells, rule, rows.index.tolist(), where)
    missing = rows.index[[label is None for label in found.labels]].drop(rows.index[found.places])
    if len(missing) and not rule.drops:
        raise InputError(
            f"{where}, row {missing[0]}: {len(missing)} of {len(cells)} rows have no label in column "
            f"{rule.column!r}, this one first; write them, or drop such rows by `label: {{column: {rule.column}, "
            "others: drop}`."
        )
    if len(missing) or found.dropped:
        rest = f", and those with {listing(found.dropped)}" if found.dropped else ""
        print(f"{where}: dropped {len(missing)} rows without a label{rest}")
    return rule


def write_examples(question: str, name: str, n: int) -> pd.DataFrame:
    """n distinct examples (text, gold) of a sandbox task, half of them with label 1."""
    found: dict[str, tuple[str, int]] = {}
    room = {0: n - n // 2, 1: n // 2}
    for text, gold in sandbox.write_task(stream(SHUFFLE_SEED, "task", name), question):
        if room[gold] and text_key(text) not in found:
            found[text_key(text)] = text, gold
            room[gold] -= 1
        if not any(room.values()):
            break
    return pd.DataFrame(found.values(), columns=["text", "gold"])


def clean(examples: pd.DataFrame, name: str) -> pd.DataFrame:
    """Examples (id, key, text, gold), and what supervisors read, in a random order that is not the source's.

    Of texts with the same key (of formatting.text_key) the one with the smallest id is kept; if their labels contradict
    each other, all of them are dropped.
    """
    ids, keys = ([name_of(text) for text in examples.text] for name_of in (hash_text, text_key))
    others = further_columns(examples)
    examples = examples.assign(id=ids, key=keys).sort_values(["id", *others])
    examples = examples.drop_duplicates(["key", "gold"]).drop_duplicates("key", keep=False)
    order = stream(SHUFFLE_SEED, "shuffle", name).permutation(len(examples))
    return examples.iloc[order][["id", "key", "text", "gold", *others]].reset_index(drop=True)


def take_balanced(examples: pd.DataFrame, n: int, what: str) -> pd.DataFrame:
    """The first n examples that have as many of label 1 as of label 0, or one fewer if n is odd.

    what: is to be taken, as the sentence calls it. Raises InputError if there are too few of either label.
    """
    parts = []
    for label, needed in ((0, n - n // 2), (1, n // 2)):
        part = examples[examples.gold == label]
        if len(part) < needed:
            raise InputError(
                f"{what} needs {needed} examples with label {label}, but only {len(part)} are left; "
                "ask for fewer in the config."
            )
        parts.append(part.iloc[:needed])
    return pd.concat(parts).sort_index()


def split_task(
    train: pd.DataFrame, test: pd.DataFrame, task: dict, rows_in_pool: bool = False
) -> dict[str, pd.DataFrame]:
    """Balanced pool, test and supervision sets.

    train, test: text and gold of the source's examples; what both hold is kept for the test set. rows_in_pool: whether
    the pool may hold examples of the supervision set; otherwise all three sets are disjoint.
    Where the task has `test_gold`, only so many test examples keep their gold label; those of the others are NaN.
    Raises InputError if a label is missing or there are too few examples.
    """
    name = task["name"]
    sets = {}
    for split, examples in (("train", train), ("test", test)):
        if examples.empty:
            raise InputError(f"Task {name!r}: no row of the {split} split has a text; name columns that hold some.")
        if examples.gold.nunique() < 2:
            only = ", ".join(map(str, examples.gold.unique()))
            raise InputError(f"Task {name!r}: the {split} split is not binary, its labels are {only}; choose another.")
    sets["test"] = take_balanced(clean(test, name), task["test_size"], f"Task {name!r}: the test set")
    rest = clean(train, name)
    rest = rest[~rest.key.isin(sets["test"].key)]
    if "test_gold" in task:
        known = take_balanced(sets["test"], task["test_gold"], f"Task {name!r}: the test set")
        sets["test"]["gold"] = sets["test"].gold.where(sets["test"].id.isin(known.id))
    for part in ("supervision", "pool"):
        sets[part] = take_balanced(rest, task[f"{part}_size"], f"Task {name!r}: the {part} set")
        if not rows_in_pool:
            rest = rest[~rest.key.isin(sets[part].key)]
    return {part: examples.drop(columns="key").reset_index(drop=True) for part, examples in sets.items()}


def read_examples(task: dict, splits: list[str], sources: str, data_folder: str | None, fits: Fits) -> pd.DataFrame:
    """Text and gold label of every row of the splits that has a text, if it fits."""
    tables = [format_rows(read_split(task, split, sources, data_folder), task, split) for split in splits]
    examples = pd.concat(tables, ignore_index=True)
    return examples[fitting(examples, fits)].reset_index(drop=True) if fits else examples


def split_table(rows: list[Row], task: dict) -> dict[str, pd.DataFrame]:
    """As split_task, but with labels in the proportion of the table, and with `source_id`, its own name for the row.

    A gold label that is not known, in the pool or of a test text, is NaN.
    """
    sets, gaps = {}, {"pool", "test"} if "test_gold" in task else {"pool"}
    for part, drawn in draw_sets(join_repeated(rows), task).items():
        table = pd.DataFrame(drawn, columns=list(Row._fields))[
            ["id", "text", "gold", "source_id", *further_columns(task)]
        ]
        sets[part] = table.astype({"gold": "float64" if part in gaps else "int64"})
    return sets


def read_rated(task: dict) -> pd.DataFrame:
    """The task's rated sentences; InputError unless they have as many ratings as the task's price says."""
    rows = pd.read_parquet(ratings_file(task["ratings"]))
    if (found := panel_size(rows.ratings)) != task["panel"]:
        raise InputError(
            f"Task {task['name']!r}: a sentence of {task['ratings']} has {found:g} ratings (median), but the config "
            f"says `panel: {task['panel']}`; correct it."
        )
    return rows


def votes_by_example(rows: pd.DataFrame, task: dict) -> dict[str, list[int]]:
    """By the id of each text of a task, the signs of all of its ratings; rows: as of draw_ratings."""
    votes: dict[str, list[int]] = {}
    for text, signs in zip(rows.text, rows.votes, strict=True):
        votes.setdefault(hash_text(fill(task["text"], {"text": text})), []).extend(signs)
    return votes


def draw_ratings(rows: pd.DataFrame, ids: pd.Index, task: dict, raters: int) -> pd.DataFrame:
    """Drawn ratings, as elicitation.data.ratings.draw_votes gives them: one row an example, one column a rating.

    rows: as elicitation.data.ratings.labelled makes them; ids: of the task's examples. Where a text was rated by two
    panels, both are drawn from. Raises InputError if a text has fewer ratings than are to be drawn.
    """
    votes = votes_by_example(rows, task)
    try:
        drawn = [draw_votes(votes[example], example, raters) for example in ids]
    except InputError as error:
        raise InputError(f"Task {task['name']!r}: {error}") from None
    return pd.DataFrame(drawn, ids, [f"rating {place}" for place in range(1, raters + 1)])


def prepare_task(
    task: dict, sources: str, data_folder: str | None, rows_in_pool: bool = False, fits: Fits | None = None
) -> dict[str, pd.DataFrame]:
    """Pool, test and supervision set of a task: id, text and gold of each example; `rows_in_pool` as in split_task.

    Where the task says that supervisors read another text, it is a further column.
    fits: says which texts of a table or a data set stay; None keeps all.
    """
    fits = fits or {}
    if "sandbox" in task:
        sizes = [task[f"{part}_size"] for part in ("test", "supervision", "pool")]
        # Half of each set has either label, so an even number of examples suffices for each.
        examples = write_examples(task["sandbox"], task["name"], sum(size + size % 2 for size in sizes))
        return split_task(examples, examples, task, rows_in_pool)
    if "table" in task:
        rows = read_rows(task, data_folder)
        if fits:
            texts = {column: [getattr(row, column) for row in rows] for column in fits}
            rows = list(compress(rows, fitting(texts, fits)))
        return split_table(rows, task)
    if "ratings" in task:
        examples = format_rows(read_rated(task), task | {"label": "gold"}, task["ratings"])
        return split_task(examples, examples, task, rows_in_pool)
    splits = task["splits"]
    train = read_examples(task, as_list(splits["train"]), sources, data_folder, fits)
    if isinstance(splits["test"], int):
        train = clean(train, task["name"])
        if splits["test"] >= len(train):
            raise InputError(
                f"Task {task['name']!r}: the {len(train)} different texts of the train split leave none to train on "
                f"once {splits['test']} are set apart for tests; lower splits.test or name more rows."
            )
        test, train = train[: splits["test"]], train[splits["test"] :]
    else:
        test = read_examples(task, as_list(splits["test"]), sources, data_folder, fits)
    return split_task(train, test, task, rows_in_pool)


def texts_here(task: dict, sources: str, data_folder: str | None, column: str, n: int) -> list[str]:
    """Up to n of a task's texts, none where they would have to be downloaded; InputError if its source is malformed.

    Of rated sentences, which are always downloaded, one that is as long as they are on the average.
    column: of the task's sets, `text` or that of the supervisors' text.
    """
    if "sandbox" in task:
        return write_examples(task["sandbox"], task["name"], n).text.tolist()
    if "table" in task:
        return [getattr(row, column) for row in read_rows(task, data_folder)[:n]]
    if "ratings" in task:
        usual = pd.DataFrame({"text": [" ".join(["word"] * MEAN_WORDS[task["ratings"]])], "gold": [0]})
        return format_rows(usual, task | {"label": "gold"}, task["ratings"])[column].tolist()
    if sources != "local":
        return []
    split = splits_read(task)[0]
    rows = read_split(task, split, sources, data_folder).head(n)
    if "label" in task:
        # No text depends on it, and the first rows need not hold all labels.
        rows, task = rows.assign(**{label_column(task): 0}), task | {"label": label_column(task)}
    return format_rows(rows, task, split)[column].tolist()
