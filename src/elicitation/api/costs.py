"""What an API's work costs in US dollars: tokens times prices."""

from collections.abc import Mapping, Sequence

from elicitation.api.client import ApiSettings

# A number of tokens, None where the API did not count them, and the price of a million of them in US dollars.
Bill = tuple[int | None, float]


def dollars(*bills: Bill) -> float | None:
    """US dollars for all of the bills; None where the API did not count the tokens of one."""
    if any(tokens is None for tokens, _ in bills):
        return None
    return sum(tokens * price for tokens, price in bills) / 1e6


def total(counts: Sequence[int | None]) -> int | None:
    """The sum; None where one is not known."""
    return None if None in counts else sum(counts)


def evaluation_bills(tokens: Mapping[str, int | None], settings: ApiSettings) -> list[Bill]:
    """What answers cost; tokens: `prompt_tokens` and `completion_tokens` of all of them."""
    return [
        (tokens["prompt_tokens"], settings.input_price),
        (tokens["completion_tokens"], settings.output_price),
    ]


def training_bill(entry: Mapping, settings: ApiSettings) -> Bill:
    """What a finished job cost; entry: the ledger's."""
    return entry["trained_tokens"], settings.training_price


def cost_of_block(records: Sequence[Mapping], settings: ApiSettings) -> dict[str, float | None]:
    """US dollars for the block's jobs, each counted once, and for its answers; None where tokens were not counted.

    records: of its runs, with `stages` (ledger entries by name) and `evaluation`. A job that other blocks share is in
    their cost too.
    """
    jobs = {entry["job"]: entry for record in records for entry in record["stages"].values()}
    training = [training_bill(entry, settings) for entry in jobs.values()]
    evaluation = [bill for record in records for bill in evaluation_bills(record["evaluation"], settings)]
    return {
        "training": dollars(*training),
        "evaluation": dollars(*evaluation),
        "total": dollars(*training, *evaluation),
    }


def label_dollars(record: Mapping, prices: Mapping[str, float]) -> float | None:
    """US dollars that a weak label cost: all answers of a task, those without a label too, over the labels.

    record: of a supervisor's labels, with `answers` (elicitation.api.labelling); prices: `input` and `output`, for a
    million tokens. None where tokens were not counted.
    """
    answers = record["answers"]
    paid = dollars((answers["prompt_tokens"], prices["input"]), (answers["completion_tokens"], prices["output"]))
    return None if paid is None else paid / answers["labelled"]
