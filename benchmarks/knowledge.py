"""What the sandbox's models know where a classifier reads, at the end of a text, from one pretraining to the next.

A logistic probe of the last hidden state learns each task of the study from gold labels. What it cannot learn from
many, no purchase of labels is likely to elicit. Seeds stand for processors too: each rounds otherwise, which is another
draw of the model.
"""

import argparse
from pathlib import Path

import torch
from sklearn.linear_model import LogisticRegression

from elicitation.data.tasks import clean, write_examples
from elicitation.models.batches import last_hidden_states
from elicitation.models.pretraining import pretrain
from elicitation.study.models import SandboxModel
from elicitation.study.tasks import SandboxTask
from elicitation.study.validation import read_study

N_TEST = 1000


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "study", type=Path, nargs="?", default=Path("studies/sandbox.yaml"), help="default: %(default)s"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of pretraining (default: 0 1 2)")
    parser.add_argument("--labels", type=int, nargs="+", default=[64, 1024], help="of the probe (default: 64 1024)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    study, most = read_study(arguments.study), max(arguments.labels)
    questions = [task.sandbox for task in study.tasks if isinstance(task, SandboxTask)]
    # Shuffled, since what is written last makes up for the label that is rarer.
    examples = {q: clean(write_examples(q, f"probe {q}", most + N_TEST), f"probe {q}") for q in questions}
    print(f"| model | seed | {' | '.join(f'{q}, {n} labels' for q in questions for n in arguments.labels)} |")
    print(f"|---|---:|{'---:|' * len(questions) * len(arguments.labels)}")
    for entry in (model for model in study.models if isinstance(model, SandboxModel)):
        for seed in arguments.seeds:
            model, tokenizer = pretrain(**entry.sandbox.plain, seed=seed, log=lambda line: None)
            cells = []
            for question in questions:
                token_ids = tokenizer(examples[question].text.tolist())["input_ids"]
                with torch.inference_mode():
                    states = last_hidden_states(model, token_ids).numpy()
                gold = examples[question].gold.to_numpy()
                for n in arguments.labels:
                    probe = LogisticRegression(max_iter=500).fit(states[:n], gold[:n])
                    cells.append(f"{100 * probe.score(states[most:], gold[most:]):.0f} %")
            print(f"| {entry.name} | {seed} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
