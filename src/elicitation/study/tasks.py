"""The tasks of a study: from the sandbox, a table of one's own, rated sentences, or a data set."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from elicitation.analysis.names import LEAST_TEST_GOLD
from elicitation.data.templates import template_fields
from elicitation.errors import join_words, shown
from elicitation.study.catalogue import completed
from elicitation.study.templates import Cues, Line, Template
from elicitation.study.values import (
    LIST,
    MAPPING,
    NUMBER,
    TEXT,
    WHOLE,
    Count,
    Kind,
    Section,
    Sha256,
    SmallName,
    SomeText,
    Spelling,
    Text,
    any_kind,
    distinct,
    like,
    listed,
    mapping,
    may_be_absent,
    number,
    one_of,
    refusal,
    whole,
)

# Names of splits or columns: one, or a list of them.
SomeNames = one_of({TEXT: SomeText, LIST: listed(Text, min_length=1)})
TestSplits = one_of({TEXT: SomeText, LIST: listed(Text, min_length=1), WHOLE: whole(ge=10)})
# At a half they would be no better than guessed.
NoiseShare = number(ge=0, lt=0.5)
NOISE = (
    "Share of the gold labels that may be wrong, such as 0.05. It widens the intervals of scores "
    "(docs/explanation/posterior.md) and trains nothing again."
)
DataCommit = like(
    "([0-9a-f]{40}|main|refs/convert/parquet)", "a commit (40 hexadecimal digits), `main` or `refs/convert/parquet`"
)
# The ways in which a row of a data set becomes an example.
RULES = ("label", "answer", "pair", "rule")
# The keys that hold templates of texts that models read.
TEXTS = ("text", "supervisor_text")
ENCODING = (
    "Encoding of the file, such as windows-1252; absent, it is UTF-8, or UTF-16 where the file begins with its mark."
)
SUPERVISION = (
    "Gold-labelled examples that each supervisor is finetuned on; disjoint from the test set and, unless "
    "`supervision.rows_in_pool`, from the pool. Required unless all labels are columns of a table."
)
POOL = (
    "Examples that labels can be bought for; of a table by default all but the test and supervision set, else those "
    "with gold labels first. Required of other tasks."
)


def check_encoding(name: str) -> str:
    """The name of an encoding of text."""
    try:
        "a".encode(name)
    except (LookupError, ValueError):
        raise refusal(f"{shown(name)} is no encoding; name one, as in utf-8 or windows-1252.") from None
    return name


Encoding = Annotated[SomeText, AfterValidator(check_encoding)]
# The tools of elicitation.data.exports.
ExportFormat = Literal["label_studio", "doccano", "prodigy", "argilla"]


class Prompt(Section):
    cue: Text = Field("\n", description="Between a text and its label.")
    labels: listed(SomeText, min_length=2, max_length=2) = Field(
        ["0", "1"], description="What stands for label 0 and label 1; each one token of the model."
    )
    separator: Text = Field("\n\n", description="Behind each example.")


class Labels(Section):
    """What the values of a column mean, where they are not 0 and 1."""

    column: SomeText = Field(description="Column that holds the labels.")
    value: one_of({TEXT: Text, WHOLE: whole()}) = may_be_absent(
        "The value of label 1. The only other value of the column is label 0.", alias="is"
    )
    labels: mapping(Spelling, Literal[0, 0.5, 1], min_length=1) = may_be_absent(
        "The label of each value, as in `{spam: 1, ham: 0, unclear: 0.5}`; 0.5 says neither, which no gold label may."
    )
    others: Literal["refuse", "drop", "label_0"] = Field(
        "refuse",
        description="What becomes of rows with another value; `refuse` names all such values with their counts, `drop` "
        "drops the rows (of a table also those without a text, of a data set also those without a value), `label_0` "
        "takes all for label 0.",
    )
    missing: listed(Spelling, min_length=1) = may_be_absent(
        "Further values that stand for none, as in `[-1]`; empty cells, NA, N/A, NaN, null, None, ? and - always do."
    )

    @model_validator(mode="after")
    def check_values(self) -> Self:
        if self.value is not None and self.labels is not None:
            raise refusal("'is' and 'labels' exclude each other; give one.")
        if self.labels is not None and self.others != "label_0" and not {0, 1} <= {*self.labels.values()}:
            raise refusal("must name values of both labels, 1 and 0; add those that are missing.", "labels")
        if self.others == "label_0" and self.value is None and self.labels is None:
            raise refusal("says that all others are label 0, but no value is label 1; add `is` or `labels`.", "others")
        return self


class Task(Kind):
    name: SmallName = Field(description="Name of the task in paths and figures: small letters, digits, - and _.")
    catalogue: Text = may_be_absent(
        "Take what this entry leaves open from the entry of this name in workflow/tasks.yaml (docs/how-to/tasks.md)."
    )
    prompt: Prompt = Field(Prompt(), description="How prompts show an example of the task.")
    pool_size: Count = Field(description=POOL)
    test_size: whole(ge=10) = Field(description="Examples that are scored.")
    test_gold: whole(ge=LEAST_TEST_GOLD) = may_be_absent(
        "Examples of the test set that have a gold label, where not all do; accuracies are then estimated with the "
        "weak labels of the others (docs/how-to/own-study.md#few-gold-test-labels). A table's others are rows without "
        "gold; other tasks hide theirs."
    )
    supervision_size: whole(ge=4) = Field(description=SUPERVISION)
    too_long: Literal["refuse", "truncate", "drop"] = Field(
        "refuse",
        description="What becomes of texts that one of the study's models cannot read whole; they are refused, lose "
        "what is too much of their middle, or are dropped before the sets are drawn. Behind examples in a prompt they "
        "are refused in any case.",
    )
    # No job of the task depends on it, so none sees it among the task's settings.
    gold_noise: NoiseShare = Field(default=None, exclude=True, description=NOISE)

    # Nor do they see its cues, of which those that are run have sets of their own.
    cues: Cues = Field(
        default=None,
        exclude=True,
        description="Other ways in which students may read the text, templates in which `{text}` is the task's text "
        "and the words beside it ask a question; `none` is the text as it is. The study's `cues` says which are run.",
    )

    @model_validator(mode="after")
    def check_test_gold(self) -> Self:
        if self.test_gold is not None and self.test_gold >= self.test_size:
            raise refusal(
                f"{self.test_gold} of {self.test_size} test texts are to have a gold label, so none is without; raise "
                "test_size, or drop test_gold.",
                "test_gold",
            )
        return self

    @property
    def read_by_supervisors(self) -> str:
        """The column of its sets that supervisors read."""
        return "text"


class FirstWords(Section):
    words: Count = Field(
        description="How many of its first words supervisors read, and behind them what its template ends with."
    )


class WrittenTask(Task):
    """A task whose texts are written by a template."""

    supervisor_text: one_of({TEXT: Template, MAPPING: FirstWords}) = may_be_absent(
        "What supervisors read instead of `text`, a template like it or `{words: 20}` for the first words of the text; "
        "students read `text` in any case (docs/how-to/tasks.md)."
    )

    @property
    def read_by_supervisors(self) -> str:
        return "text" if self.supervisor_text is None else "supervisor_text"

    def refuse_shown(self, column: str | None) -> None:
        """Refuses a template that shows this column of labels."""
        for key in TEXTS:
            template = getattr(self, key)
            if isinstance(template, str) and column in template_fields(template):
                raise refusal(f"shows the labels, which stand in column {column!r}, in every text; drop it.", key)


def refuse_labels(task: Any) -> Any:
    """The task with labels in a column, unless its texts show that column."""
    task.refuse_shown(task.label if isinstance(task.label, str) or task.label is None else task.label.column)
    return task


class SandboxTask(Task):
    decided_by: ClassVar = ("sandbox",)
    takes: ClassVar = "the sandbox takes"
    sandbox: Literal["topic", "verdict", "hope", "surprise"] = Field(
        description="Generate the task from the sandbox; the value names the question asked of each review."
    )


class TableTask(WrittenTask):
    decided_by: ClassVar = ("table",)
    takes: ClassVar = "a table takes"
    table: SomeText = Field(
        description="Your own texts and labels, one file (docs/how-to/tables.md), whatever `sources` says; "
        ".csv, .tsv or .txt, .jsonl, .ndjson or .json, .parquet, .xlsx."
    )
    text: Template = Field("{text}", description="Template of the text, with the table's columns in braces.")
    label: one_of({TEXT: SomeText, MAPPING: Labels}) = Field(
        "gold",
        description="Column of the table that holds the gold labels, 0 or 1, empty where there is none; or a column "
        "and what its values mean. What it says of words holds for the weak columns too, unless their supervisor says "
        "something else.",
    )
    encoding: Encoding = may_be_absent(ENCODING)
    format: ExportFormat = may_be_absent(
        "Tool that exported the table (docs/how-to/tables.md#exports-of-annotation-tools); absent, the "
        "table is read as it stands."
    )
    id: SomeText = may_be_absent(
        "Column of the table that names its texts, each by another name; by default they are called by the numbers of "
        "their rows."
    )
    repeated: Literal["first"] = may_be_absent(
        "`first`: of a text that stands in several rows the first label of each column counts. Without it, texts are "
        "refused whose weak labels differ from row to row."
    )
    pool_size: Count = may_be_absent(POOL)
    supervision_size: whole(ge=4) = may_be_absent(SUPERVISION)
    gold_noise: one_of({NUMBER: NoiseShare, TEXT: Literal["estimated"]}) = Field(
        default=None,
        exclude=True,
        description=f"{NOISE} `estimated` finds it by `second_label` or else by texts that stand in several rows.",
    )
    second_label: SomeText = Field(
        default=None,
        exclude=True,
        description="Column with further gold labels of some of the texts, by others than the first ones and written "
        "like them. How often both differ says how many are wrong.",
    )

    @model_validator(mode="after")
    def check_text(self) -> Self:
        label = self.label if isinstance(self.label, str) else self.label.column
        if self.second_label is not None and self.gold_noise != "estimated":
            raise refusal("says how many gold labels are wrong; add `gold_noise: estimated`.", "second_label")
        if self.second_label == label:
            raise refusal(f"{label!r} is the column of the first gold labels; name another one.", "second_label")
        self.refuse_shown(self.second_label)
        return refuse_labels(self)


class RatedTask(WrittenTask):
    decided_by: ClassVar = ("ratings",)
    takes: ClassVar = "rated sentences take"
    ratings: Literal["movieReviewSnippets", "amazonReviewSnippets", "tweets", "nytEditorialSnippets"] = Field(
        description="Sentences that panels of people rated, one of the four sets of Hutto & Gilbert (2014), whatever "
        "`sources` says; label 1 is a positive mean (docs/reference/catalogue.md)."
    )
    panel: Count = Field(
        description="Number of ratings behind a gold label of such a set (the median), from which the price of one "
        "rating follows; checked when the task is prepared."
    )
    text: Template = Field(description="Template of the text, in which {text} is the sentence.")

    @field_validator(*TEXTS)
    @classmethod
    def refuse_columns(cls, text: Any) -> Any:
        if isinstance(text, str) and set(template_fields(text)) != {"text"}:
            raise refusal(
                f"{shown(text)} names other columns than `text`, the only one of rated sentences; write {{text}} for "
                "the sentence."
            )
        return text


class HubData(Section):
    id: Text = Field(description="Id of the data set.")
    config: Text = may_be_absent("Configuration of the data set, if it has several.")
    data_dir: Text = may_be_absent(
        "Folder of the repository that holds the data, where its configurations are not declared."
    )
    revision: DataCommit = may_be_absent(
        "Commit that pins the data (40 hexadecimal digits). A branch, `main` or `refs/convert/parquet`, is looked up "
        "once, when the task is prepared, and its commit written into the task's card."
    )
    sha256: Sha256 = may_be_absent(
        "Hash of the downloaded rows (64 hexadecimal digits), as `source_sha256` in the task's card states it; "
        "another download is refused."
    )


class Splits(Section):
    train: SomeNames = Field(
        description="Split, or list of splits to join, that pool and supervision set are drawn from."
    )
    test: TestSplits = Field(
        description="Split, or list of splits to join, that the test set is drawn from; or a number of examples of "
        "`train` that are held out for it."
    )


class Answer(Section):
    among: SomeNames = Field(
        description="The column (or `column.field`) that lists the answers, or the list of the columns that hold one "
        "each."
    )
    right: Text = Field(description="Column that names the right answer.")
    names: SomeNames = may_be_absent("What that column calls the answers, given like `among`; absent, it numbers them.")
    first: whole() = Field(0, description="Number of the first answer.")
    never_right: Text = may_be_absent(
        "An answer that is not shown as right; where it is the right one, the label is 0."
    )


class Pair(Section):
    right: Text = Field(description="Column of the right text.")
    wrong: Text = Field(description="Column of the wrong text.")
    number: Literal[1, 2] = may_be_absent("The number, where it is always the same; absent, it is drawn.")
    prompt_ends: SomeText = may_be_absent(
        "Both texts begin with a prompt, which ends before the last occurrence of this; it becomes `{prompt}`. The "
        "mark itself is cut off, so the template says where it stands. Rows whose prompts differ are dropped."
    )


class WordRule(Section):
    contains: distinct(SomeText, min_length=1) = Field(
        description="Words; the label is 1 where one of them stands in the text as a whole word, in capitals or not."
    )


class TaskRule(WordRule):
    text: Template = Field(description="Template of the text that the rule looks into, with columns in braces.")


class SourceTask(WrittenTask):
    """A data set, from the hub or from files in its columns."""

    decided_by: ClassVar = ("hub", "local", "splits", "answer", "pair", "rule")
    takes: ClassVar = "a data set takes"
    hub: HubData = may_be_absent("Data set on the Hugging Face hub.")
    local: SomeText = may_be_absent(
        "Folder with one file a split (`<split>.parquet`, `.jsonl` or `.csv`) in the hub's columns, read where "
        "`sources` is `local`."
    )
    splits: Splits = Field(
        description="Which splits of the source serve as what. Where both name the same one, the test set is drawn "
        "from it first."
    )
    text: Template = Field(
        description="Template of the text, with the source's columns in braces; a list stands one item a line."
    )
    lines: mapping(Text, Line) = may_be_absent(
        "How columns that map names to lists are shown, by column; the template of one line, with those names in "
        "braces."
    )
    filled: listed(Text, min_length=1) = may_be_absent(
        "Columns that must hold text; rows in which one is empty are dropped."
    )
    label: one_of({TEXT: SomeText, MAPPING: Labels}) = may_be_absent(
        "Column that holds the label, 0 or 1 (or false and true); or a column and what its values mean."
    )
    encoding: Encoding = may_be_absent(ENCODING)
    answer: Answer = may_be_absent(
        "Multiple choice. `{answer}` in the text is the right answer with probability 1/2 (label 1), else one of the "
        "others (label 0)."
    )
    pair: Pair = may_be_absent(
        "Two texts in random order, `{first}` and `{second}` in the text. The label says whether text number "
        "`{number}` (1 or 2) is the right one."
    )
    rule: TaskRule = may_be_absent("A rule on words; the label says whether one of some words stands in the text.")

    @model_validator(mode="after")
    def check_text(self) -> Self:
        return refuse_labels(self)

    @model_validator(mode="after")
    def check_rule(self) -> Self:
        given = {rule for rule in RULES if getattr(self, rule) is not None}
        if not given:
            raise refusal(f"the source is incomplete; add {' or '.join(map(repr, RULES))}.")
        if len(given) > 1:
            raise refusal(f"{join_words(given, 'and')} exclude each other; give exactly one.")
        return self


Task.kinds = (SandboxTask, TableTask, RatedTask, SourceTask)
AnyTask = any_kind(
    Task,
    "no source is given; add 'sandbox', or 'table', or 'ratings', or 'splits' with 'hub' or 'local'.",
    completed("tasks"),
)
