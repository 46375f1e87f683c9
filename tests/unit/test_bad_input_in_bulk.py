"""Bad configs and bad data files in bulk: each is refused with one sentence that says what, where and the fix."""

import copy
import json
import math
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from random_configs import RATED_STUDY, STUDY, keys_of, mutations, studies, write_files

from elicitation.data.cards import sample_texts
from elicitation.data.tasks import prepare_task
from elicitation.errors import InputError
from elicitation.files import write_json
from elicitation.study.config import load_schema, validate


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """The working directory, with the files that the configs name."""
    folder = tmp_path_factory.mktemp("study")
    write_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


ABSENT = object()
NAN, INF = float("nan"), float("inf")
STUDY_NAME = "Name of the study, which is written into every record: small letters, digits, - and _"
TASK_NAME = "Name of the task in paths and figures: small letters, digits, - and _"
MODEL_NAME = "Name of the model in paths and figures: letters, digits, ., - and _"
# A row: the path of a key in STUDY, the value that it is given (ABSENT takes it away), and the whole sentence.
# fmt: off
BAD_CONFIGS = [
    ("seedz", [0], "Config, the top level: unknown key 'seedz'; did you mean 'seeds'?"),
    ("study", ABSENT, "Config, the top level: the key 'study' is missing; add it."),
    ("study", 7, 'Config, study: 7 must be text; put it in quotes.'),
    ("study", 'My study', f"Config, study: 'My study' does not fit its description, '{STUDY_NAME}'."),
    ("study", 'mine\n', f"Config, study: 'mine\\n' does not fit its description, '{STUDY_NAME}'."),
    ("study", 's' * 101, "Config, study: 'sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss' is longer than 100 characters; shorten it."),
    ("study", None, 'Config, study: no value is given; it must be text.'),
    ("device", 'gpu', "Config, device: 'gpu' must be 'cpu' or 'cuda'."),
    ("device", None, "Config, device: no value is given; it must be 'cpu' or 'cuda'."),
    ("precision", 'float16', "Config, precision: 'float16' must be null, 'bfloat16', 'float32' or 'native'."),
    ("precision", 16, "Config, precision: 16 must be null, 'bfloat16', 'float32' or 'native'."),
    ("sources", 'web', "Config, sources: 'web' must be 'hub' or 'local'."),
    ("data_folder", 3, 'Config, data_folder: 3 must be text or null; put it in quotes.'),
    ("data_folder", 'nowhere', "Task 'own': none of nowhere/own/train.parquet, nowhere/own/train.jsonl, nowhere/own/train.csv is a file; correct data_folder, the task's `local` or its `splits`."),
    ("1", 2, 'Config, the top level: unknown key 1; known are average_over, combinations, data_folder, device, extra_seeds, figures, grid, inference, jobs_per_gpu, keep_weak_stages, labelling, methods, models, precision, ratings_archive, seeds, sources, students, study, supervision, supervisors, tasks, training, weak_prices.'),
    ("tasks", [], 'Config, tasks: the list needs at least 1, but has 0; add some.'),
    ("tasks", None, 'Config, tasks: no value is given; it must be a list.'),
    ("tasks", {"a": 1}, "Config, tasks: {'a': 1} must be a list."),
    ("tasks.0", 'topic', "Config, tasks[0]: 'topic' must be a mapping (key: value)."),
    ("tasks.0.name", 'a/b', f"Config, tasks[a/b].name: 'a/b' does not fit its description, '{TASK_NAME}'."),
    ("tasks.0.name", '<script>alert(1)</script>', f"Config, tasks[<script>alert(1)</script>].name: '<script>alert(1)</script>' does not fit its description, '{TASK_NAME}'."),
    ("tasks.0.name", '=1+1', f"Config, tasks[=1+1].name: '=1+1' does not fit its description, '{TASK_NAME}'."),
    ("tasks.0.name", 'average', "Config, tasks: the name 'average' is taken by the average over tasks; rename the entry."),
    ("tasks.0.name", 'own', "Config, tasks: the name 'own' stands twice; rename one."),
    ("tasks.0.name", ABSENT, "Config, tasks[0]: the key 'name' is missing; add it."),
    ("tasks.0.name", ["a"], "Config, tasks[0].name: ['a'] must be text."),
    ("tasks.0.name", False, 'Config, tasks[0].name: False must be text; put it in quotes.'),
    ("tasks.0.pool_size", 0, 'Config, tasks[topic].pool_size: 0 must be at least 1.'),
    ("tasks.0.pool_size", 'many', "Config, tasks[topic].pool_size: 'many' must be a whole number."),
    ("tasks.0.pool_size", 1.5, 'Config, tasks[topic].pool_size: 1.5 must be a whole number.'),
    ("tasks.0.pool_size", NAN, 'Config, tasks[topic].pool_size: nan must be a whole number.'),
    ("tasks.0.pool_size", 159, "Task 'topic': the pool holds 159 examples, but the grid buys 160 weak and 0 gold labels, 160 in all; lower the budgets or enlarge the pool."),
    ("tasks.0.pool_size", ABSENT, "Config, tasks[topic]: the key 'pool_size' is missing; add it."),
    ("tasks.0.test_size", 3, 'Config, tasks[topic].test_size: 3 must be at least 10.'),
    ("tasks.0.supervision_size", 3, 'Config, tasks[topic].supervision_size: 3 must be at least 4.'),
    ("tasks.0.supervision_size", True, 'Config, tasks[topic].supervision_size: True must be a whole number.'),
    ("tasks.0.pool_sise", 5, "Config, tasks[topic]: unknown key 'pool_sise'; did you mean 'pool_size'?"),
    ("tasks.0.sandbox", 'weather', "Config, tasks[topic].sandbox: 'weather' must be 'hope', 'surprise', 'topic' or 'verdict'."),
    ("tasks.0.sandbox", ABSENT, "Config, tasks[topic]: no source is given; add 'sandbox', or 'table', or 'panel', 'ratings' and 'text', or 'label', 'splits' and 'text', or 'answer', 'splits' and 'text', or 'pair', 'splits' and 'text'."),
    ("tasks.0.local", 'own', "Config, tasks[topic]: 'local' and 'sandbox' exclude each other; give exactly one."),
    ("tasks.1.label", ABSENT, "Config, tasks[own]: the source is incomplete; add 'label' or 'answer' or 'pair'."),
    ("tasks.1.label", '', 'Config, tasks[own].label: the text is empty; write one.'),
    ("tasks.1.text", '', 'Config, tasks[own].text: the text is empty; write one.'),
    ("tasks.1.text", ["{text}"], "Config, tasks[own].text: ['{text}'] must be text."),
    ("tasks.1.text", '{text', "Config, tasks[own].text: '{text' is malformed (expected '}' before end of string); fix its braces."),
    ("tasks.1.text", 'text}', "Config, tasks[own].text: 'text}' is malformed (Single '}' encountered in format string); fix its braces."),
    ("tasks.1.text", 'no column', "Config, tasks[own].text: 'no column' names no column; put columns in braces."),
    ("tasks.1.text", '{}', "Config, tasks[own].text: '' in '{}' is no plain name; write names of columns in the braces and nothing else."),
    ("tasks.1.text", '{0}', "Config, tasks[own].text: '0' in '{0}' is no plain name; write names of columns in the braces and nothing else."),
    ("tasks.1.text", '{text.__class__}', "Config, tasks[own].text: 'text.__class__' in '{text.__class__}' is no plain name; write names of columns in the braces and nothing else."),
    ("tasks.1.text", '{text[0]}', "Config, tasks[own].text: 'text[0]' in '{text[0]}' is no plain name; write names of columns in the braces and nothing else."),
    ("tasks.1.text", '{text!r}', "Config, tasks[own].text: 'text' in '{text!r}' is no plain name; write names of columns in the braces and nothing else."),
    ("tasks.1.text", '{text:>999999999}', "Config, tasks[own].text: 'text' in '{text:>999999999}' is no plain name; write names of columns in the braces and nothing else."),
    ("tasks.1.text", '{text:{label}}', "Config, tasks[own].text: 'text' in '{text:{label}}' is no plain name; write names of columns in the braces and nothing else."),
    ("tasks.1.local", ABSENT, "Config, tasks[own]: sources is 'local', but the task has no 'local' entry; add one."),
    ("tasks.1.local", 'elsewhere', "Task 'own': none of elsewhere/train.parquet, elsewhere/train.jsonl, elsewhere/train.csv is a file; correct data_folder, the task's `local` or its `splits`."),
    ("tasks.1.local", '\x00', "Task 'own': none of \\x00/train.parquet, \\x00/train.jsonl, \\x00/train.csv is a file; correct data_folder, the task's `local` or its `splits`."),
    ("tasks.1.splits", ABSENT, "Config, tasks[own]: the source is incomplete; add 'splits'."),
    ("tasks.1.splits.train", 'missing', "Task 'own': none of own/missing.parquet, own/missing.jsonl, own/missing.csv is a file; correct data_folder, the task's `local` or its `splits`."),
    ("tasks.1.splits.train", 'folder', "Task 'own': none of own/folder.parquet, own/folder.jsonl, own/folder.csv is a file; correct data_folder, the task's `local` or its `splits`."),
    ("tasks.1.splits.valid", 'test', "Config, tasks[own].splits: unknown key 'valid'; known are test, train."),
    ("tasks.1.splits.train", ABSENT, "Config, tasks[own].splits: the key 'train' is missing; add it."),
    ("tasks.1.hub.revision", 'develop', "Config, tasks[own].hub.revision: 'develop' does not fit its description, 'Commit that pins the data (40 hexadecimal digits)'."),
    ("tasks.1.hub.revision", '000000000000000000000000000000000000000', "Config, tasks[own].hub.revision: '000000000000000000000000000000000000000' does not fit its description, 'Commit that pins the data (40 hexadecimal digits)'."),
    ("tasks.1.hub.revision", '0000000000000000000000000000000000000000\n', "Config, tasks[own].hub.revision: '0000000000000000000000000000000000000000\\n' does not fit its description, 'Commit that pins the data (40 hexadecimal digits)'."),
    ("tasks.1.hub.id", ABSENT, "Config, tasks[own].hub: the key 'id' is missing; add it."),
    ("tasks.1.hub.id", 5, 'Config, tasks[own].hub.id: 5 must be text; put it in quotes.'),
    ("tasks.1.hub", 'a/b', "Config, tasks[own].hub: 'a/b' must be a mapping (key: value)."),
    ("models", [], 'Config, models: the list needs at least 1, but has 0; add some.'),
    ("models.0.name", 'supervisor', "Config, models: the name 'supervisor' stands twice; rename one."),
    ("models.0.name", 'a b', f"Config, models[a b].name: 'a b' does not fit its description, '{MODEL_NAME}'."),
    ("models.0.name", '../up', f"Config, models[../up].name: '../up' does not fit its description, '{MODEL_NAME}'."),
    ("models.0.name", '$(rm -rf ~)', f"Config, models[$(rm -rf ~)].name: '$(rm -rf ~)' does not fit its description, '{MODEL_NAME}'."),
    ("models.0.name", 'x' * 101, "Config, models[xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx].name: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' is longer than 100 characters; shorten it."),
    ("models.0.learning_rate", 0, 'Config, models[student].learning_rate: 0 must be above 0.'),
    ("models.0.learning_rate", '1e-3', "Config, models[student].learning_rate: '1e-3' must be a number; write it without quotes and with a point, like 1.0e-3."),
    ("models.0.learning_rate", INF, 'Config, models[student].learning_rate: inf must be a number.'),
    ("models.0.learning_rate", ABSENT, "Config, models[student]: the key 'learning_rate' is missing; add it."),
    ("models.0.sandbox.heads", 3, "Config, models[student]: width 32 must be a multiple of 32 times the heads (3), since vLLM's CPU kernels want such heads; change one of them."),
    ("models.0.sandbox.width", 7, 'Config, models[student].sandbox.width: 7 must be at least 8.'),
    ("models.0.sandbox.layers", 0, 'Config, models[student].sandbox.layers: 0 must be at least 1.'),
    ("models.0.sandbox.steps", -1, 'Config, models[student].sandbox.steps: -1 must be at least 1.'),
    ("models.0.sandbox.batch_size", 0, 'Config, models[student].sandbox.batch_size: 0 must be at least 1.'),
    ("models.0.sandbox.learning_rate", -1, 'Config, models[student].sandbox.learning_rate: -1 must be above 0.'),
    ("models.0.sandbox.short_reviews", 1.01, 'Config, models[student].sandbox.short_reviews: 1.01 must be at most 1.'),
    ("models.0.sandbox.bare_tags", -0.1, 'Config, models[student].sandbox.bare_tags: -0.1 must be at least 0.'),
    ("models.0.sandbox.depth", 3, "Config, models[student].sandbox: unknown key 'depth'; did you mean 'width'?"),
    ("models.0.sandbox", ABSENT, "Config, models[student]: no source is given; add 'sandbox', or 'truncate', or 'api', or 'gguf', or 'hub', or 'local'."),
    ("models.0.sandbox", None, 'Config, models[student].sandbox: no value is given; it must be a mapping (key: value).'),
    ("models.0.sandbox.steps", ABSENT, "Config, models[student].sandbox: the key 'steps' is missing; add it."),
    ("models.0.truncate", {"model": "supervisor", "layers": 1}, "Config, models[student]: 'sandbox' and 'truncate' exclude each other; give exactly one."),
    ("models.0.local", 'weights', "Config, models[student]: 'local' and 'sandbox' exclude each other; give exactly one."),
    ("models.2.local", 'nowhere', "Model 'linked': 'nowhere' is no folder; name the folder of a complete model."),
    ("models.2.local", 'half', "Model 'linked': the folder half holds no tokenizer.json; name the folder of a complete model."),
    ("models.2.local", '', 'Config, models[linked].local: the text is empty; write one.'),
    ("models.2.local", 'package:', "Model 'linked': the Python package '' is not installed; install it (README)."),
    ("models.2.local", 'package:no_such_package/model', "Model 'linked': the Python package 'no_such_package' is not installed; install it (README)."),
    ("models.2.local", 'package:.relative/model', "Model 'linked': the Python package '.relative' is not installed; install it (README)."),
    ("models.2.local", 'x' * 5000, "Model 'linked': 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... is no folder; name the folder of a complete model."),
    ("models.2.local", '\x00', "Model 'linked': '\\x00' is no folder; name the folder of a complete model."),
    ("models.2.local", ABSENT, "Config, models[linked]: no source is given; add 'sandbox', or 'truncate', or 'api', or 'gguf', or 'hub', or 'local'."),
    ("models.3.truncate.model", 'linkd', "Config, models[cut].truncate: 'linkd' is not defined; did you mean 'linked'?"),
    ("models.3.truncate.model", 'cut', "Config, models[cut].truncate: 'cut' is itself truncated; cut the original."),
    ("models.3.truncate.layers", 0, 'Config, models[cut].truncate.layers: 0 must be at least 1.'),
    ("models.3.truncate.layers", ABSENT, "Config, models[cut].truncate: the key 'layers' is missing; add it."),
    ("models.4.hub.revision", 'v1.0', "Config, models[downloaded].hub.revision: 'v1.0' does not fit its description, 'Commit that pins the weights (40 hexadecimal digits)'."),
    ("models.4.hub.id", '', 'Config, models[downloaded].hub.id: the text is empty; write one.'),
    ("models.4.hub.sha256", 'abc', "Config, models[downloaded].hub.sha256: 'abc' does not fit its description, 'Hash of the downloaded files (64 hexadecimal digits), as `results/models/<name>.json` states it; another download is refused'."),
    ("supervisors", [], 'Config, supervisors: the list needs at least 1, but has 0; add some.'),
    ("supervisors", 'supervisor', "Config, supervisors: 'supervisor' must be a list."),
    ("supervisors", ["suprvisor"], "Config, supervisors: 'suprvisor' is not defined; did you mean 'supervisor'?"),
    ("students", ["student", "student"], "Config, students: 'student' stands twice; remove one."),
    ("students", [None], 'Config, students[0]: no value is given; it must be text.'),
    ("students", ["zzz"], "Config, students: 'zzz' is not defined; known are cut, downloaded, linked, remote, student, supervisor."),
    ("methods", ["sequential"], "Config, methods: 'sequential' is not defined; did you mean 'sequential_sft'?"),
    ("methods", [3], 'Config, methods[0]: 3 must be text or a mapping (key: value); put it in quotes.'),
    ("seeds", [], 'Config, seeds: the list needs at least 1, but has 0; add some.'),
    ("seeds", [-1], 'Config, seeds[0]: -1 must be at least 0.'),
    ("seeds", [0, 0.0], 'Config, seeds: 0.0 stands twice; remove one.'),
    ("seeds", ["zero"], "Config, seeds[0]: 'zero' must be a whole number."),
    ("seeds", 3, 'Config, seeds: 3 must be a list.'),
    ("seeds", [0.5], 'Config, seeds[0]: 0.5 must be a whole number.'),
    ("seeds", [True], 'Config, seeds[0]: True must be a whole number.'),
    ("grid", ABSENT, "Config, the top level: the key 'grid' is missing; add it."),
    ("grid", [], 'Config, grid: [] must be a mapping (key: value).'),
    ("grid.budget", [4], "Config, grid: unknown key 'budget'; did you mean 'budgets'?"),
    ("grid.budgets", [], 'Config, grid.budgets: the list needs at least 1, but has 0; add some.'),
    ("grid.budgets", [0], 'Config, grid.budgets[0]: 0 must be above 0.'),
    ("grid.budgets", [4.5], 'Config, grid.budgets[0]: 4.5 must be a whole number.'),
    ("grid.budgets", [4, 4], 'Config, grid.budgets: 4 stands twice; remove one.'),
    ("grid.budgets", [1000000], "Task 'topic': the pool holds 300 examples, but the grid buys 10000000 weak and 0 gold labels, 10000000 in all; lower the budgets or enlarge the pool."),
    ("grid.weak_price", 0, 'Config, grid.weak_price: 0 must be above 0.'),
    ("grid.weak_price", -0.1, 'Config, grid.weak_price: -0.1 must be above 0.'),
    ("grid.weak_price", NAN, 'Config, grid.weak_price: nan must be a number.'),
    ("grid.gold_shares", [1.5], 'Config, grid.gold_shares[0]: 1.5 must be at most 1.'),
    ("grid.gold_shares", [-0.1], 'Config, grid.gold_shares[0]: -0.1 must be at least 0.'),
    ("grid.gold_shares", ["half"], "Config, grid.gold_shares[0]: 'half' must be a number."),
    ("grid.gold_shares", [0.5, 0.5], 'Config, grid.gold_shares: 0.5 stands twice; remove one.'),
    ("grid.gold_shares", ABSENT, "Config, grid: the key 'gold_shares' is missing; add it."),
    ("weak_prices", [0], 'Config, weak_prices[0]: 0 must be above 0.'),
    ("weak_prices", [NAN], 'Config, weak_prices[0]: nan must be a number.'),
    ("weak_prices", [INF], 'Config, weak_prices[0]: inf must be a number.'),
    ("weak_prices", 0.5, 'Config, weak_prices: 0.5 must be a list.'),
    ("weak_prices", [0.1, 0.1], 'Config, weak_prices: 0.1 stands twice; remove one.'),
    ("weak_prices", [], 'Config, weak_prices: the list needs at least 1, but has 0; add some.'),
    ("training", [], 'Config, training: [] must be a mapping (key: value).'),
    ("training", None, 'Config, training: no value is given; it must be a mapping (key: value).'),
    ("training.patiance", 3, "Config, training: unknown key 'patiance'; did you mean 'patience'?"),
    ("training.stopping", 'never', "Config, training.stopping: 'never' must be 'early_stopping' or 'fixed_epochs'."),
    ("training.presentations", 0, 'Config, training.presentations: 0 must be at least 1.'),
    ("training.schedule", 'papers', "Config, training.schedule: 'papers' must be 'exact' or 'paper'."),
    ("training.validation_size", 1, 'Config, training.validation_size: 1 must be at least 2.'),
    ("training.batch_size", 0, 'Config, training.batch_size: 0 must be at least 1.'),
    ("training.patience", 0.5, 'Config, training.patience: 0.5 must be a whole number.'),
    ("training.micro_batch_tokens", 0, 'Config, training.micro_batch_tokens: 0 must be at least 1.'),
    ("keep_weak_stages", 'yes', "Config, keep_weak_stages: 'yes' must be true or false."),
    ("keep_weak_stages", 1, 'Config, keep_weak_stages: 1 must be true or false.'),
    ("supervision.epochs", 0, 'Config, supervision.epochs: 0 must be at least 1.'),
    ("supervision.epoch", 3, "Config, supervision: unknown key 'epoch'; did you mean 'epochs'?"),
    ("labelling.engine", 'onnx', "Config, labelling.engine: 'onnx' must be 'transformers' or 'vllm'."),
    ("labelling.parity_rows", 0, 'Config, labelling.parity_rows: 0 must be at least 1.'),
    ("labelling.parity_tolerance", 0, 'Config, labelling.parity_tolerance: 0 must be above 0.'),
    ("labelling.parity_tolerance", 'tight', "Config, labelling.parity_tolerance: 'tight' must be a number or null."),
    ("tasks.0.catalogue", 'col', "Config, tasks[topic]: the catalogue has no task 'col'; did you mean 'cola'?"),
    ("tasks.0.catalogue", 3, 'Config, tasks[topic].catalogue: 3 must be text; put it in quotes.'),
    ("tasks.1.lines", 'x', "Config, tasks[own].lines: 'x' must be a mapping (key: value)."),
    ("tasks.1.lines.more", '{key', "Config, tasks[own].lines.more: '{key' is malformed (expected '}' before end of string); fix its braces."),
    ("tasks.1.lines.more", '{key.__class__}', "Config, tasks[own].lines.more: 'key.__class__' in '{key.__class__}' is no plain name; write names of columns in the braces and nothing else."),
    ("tasks.1.lines.more", 3, 'Config, tasks[own].lines.more: 3 must be text; put it in quotes.'),
    ("tasks.1.filled", [], 'Config, tasks[own].filled: the list needs at least 1, but has 0; add some.'),
    ("tasks.1.label.is", ABSENT, "Config, tasks[own].label: the key 'is' is missing; add it."),
    ("tasks.1.label", 3, 'Config, tasks[own].label: 3 must be text or a mapping (key: value); put it in quotes.'),
    ("tasks.1.label.coloumn", 'x', "Config, tasks[own].label: unknown key 'coloumn'; did you mean 'column'?"),
    ("tasks.1.label.is", [1], 'Config, tasks[own].label.is: [1] must be text or a whole number.'),
    ("tasks.1.prompt.labels", ["no"], 'Config, tasks[own].prompt.labels: the list needs at least 2, but has 1; add some.'),
    ("tasks.1.prompt.labels", ["a", "b", "c"], 'Config, tasks[own].prompt.labels: the list takes at most 2, but has 3; drop some.'),
    ("tasks.1.prompt.labels", ["", "yes"], 'Config, tasks[own].prompt.labels[0]: the text is empty; write one.'),
    ("tasks.1.prompt.labels", [0, 1], 'Config, tasks[own].prompt.labels[0]: 0 must be text; put it in quotes.'),
    ("tasks.1.prompt.cues", 'x', "Config, tasks[own].prompt: unknown key 'cues'; did you mean 'cue'?"),
    ("tasks.1.prompt.separator", None, 'Config, tasks[own].prompt.separator: no value is given; it must be text.'),
    ("tasks.1.splits.test", 5, 'Config, tasks[own].splits.test: 5 must be at least 10.'),
    ("tasks.1.splits.train", [], 'Config, tasks[own].splits.train: the list needs at least 1, but has 0; add some.'),
    ("tasks.2.answer.among", [], 'Config, tasks[choice].answer.among: the list needs at least 1, but has 0; add some.'),
    ("tasks.2.answer.among", '', 'Config, tasks[choice].answer.among: the text is empty; write one.'),
    ("tasks.2.answer.right", ABSENT, "Config, tasks[choice].answer: the key 'right' is missing; add it."),
    ("tasks.2.answer.first", 'one', "Config, tasks[choice].answer.first: 'one' must be a whole number."),
    ("tasks.2.answer.wrong", 'b', "Config, tasks[choice].answer: unknown key 'wrong'; did you mean 'among'?"),
    ("tasks.2.label", 'label', "Config, tasks[choice]: 'answer' and 'label' exclude each other; give exactly one."),
    ("tasks.2.answer", 'a', "Config, tasks[choice].answer: 'a' must be a mapping (key: value)."),
    ("tasks.3.pair.number", 3, 'Config, tasks[pair].pair.number: 3 must be 1 or 2.'),
    ("tasks.3.pair.wrong", ABSENT, "Config, tasks[pair].pair: the key 'wrong' is missing; add it."),
    ("tasks.3.pair.prompt_ends", '', 'Config, tasks[pair].pair.prompt_ends: the text is empty; write one.'),
    ("tasks.3.pair.left", 'x', "Config, tasks[pair].pair: unknown key 'left'; known are number, prompt_ends, right, wrong."),
    ("tasks.3.text", '{first:5}', "Config, tasks[pair].text: 'first' in '{first:5}' is no plain name; write names of columns in the braces and nothing else."),
    ("models.0.gpus", 0, 'Config, models[student].gpus: 0 must be at least 1.'),
    ("models.0.gpus", 2, 'Config, models[student]: gpus and quantization want `device: cuda`; drop them or change it.'),
    ("models.0.quantization", 'int8', "Config, models[student].quantization: 'int8' must be null or 'nf4'."),
    ("models.0.quantization", 'nf4', 'Config, models[student]: gpus and quantization want `device: cuda`; drop them or change it.'),
    ("models.0.gradient_checkpointing", 'on', "Config, models[student].gradient_checkpointing: 'on' must be true or false."),
    ("models.0.adapt_layers", -1, 'Config, models[student].adapt_layers: -1 must be at least 0.'),
    ("models.0.adapt_layers", 'upper', "Config, models[student].adapt_layers: 'upper' must be a whole number or null."),
    ("models.0.adapt_layers", 1, 'Config, models[student]: adapt_layers is 1, but the model has 1 layers; ask for fewer, or drop adapt_layers, so that all layers get adapters.'),
    ("models.0.adapt_layers", 0, "Config, models[student]: adapt_layers is 0, so its head alone can train, but 'sequential_sft' trains more; give it methods like head_only, or adapt at least one layer."),
    ("models.3.adapt_layers", 1, 'Config, models[cut]: adapt_layers is 1, but the model has 1 layers; ask for fewer, or drop adapt_layers, so that all layers get adapters.'),
    ("models.5.adapt_layers", 1, 'Config, models[remote]: an API takes no adapt_layers; drop it (its own settings stand under `api`).'),
    ("models.0.parameters", 0, 'Config, models[student].parameters: 0 must be above 0.'),
    ("models.5.api.key_variable", 'sk-0123456789abcdef', 'Config, models[remote].api.key_variable: give the name of an environment variable in capitals that ends with KEY, TOKEN, SECRET, PASSWORD or CREDENTIALS, and keep the key itself out of the config.'),
    ("models.5.api.key_variable", ABSENT, "Config, models[remote].api: the key 'key_variable' is missing; add it."),
    ("models.5.api.base_url", 'api.example.org', "Config, models[remote].api.base_url: 'api.example.org' does not fit its description, 'Where the API is, with its version, as in https://api.openai.com/v1; without user, password or query'."),
    ("models.5.api.context", 8, 'Config, models[remote].api.context: 8 must be at least 32.'),
    ("models.5.api.epochs", 0, 'Config, models[remote].api.epochs: 0 must be at least 1.'),
    ("models.5.api.learning_rate_multiplier", 0, 'Config, models[remote].api.learning_rate_multiplier: 0 must be above 0.'),
    ("models.5.api.training_price", -1, 'Config, models[remote].api.training_price: -1 must be at least 0.'),
    ("models.5.api.input_price", NAN, 'Config, models[remote].api.input_price: nan must be a number.'),
    ("models.5.api.key", 'sk-0123456789abcdef', "Config, models[remote].api: unknown key 'key'; known are base_url, context, epochs, input_price, key_variable, learning_rate_multiplier, model, output_price, training_price."),
    ("models.5.api", 'gpt', "Config, models[remote].api: 'gpt' must be a mapping (key: value)."),
    ("models.5.api.model", '', 'Config, models[remote].api.model: the text is empty; write one.'),
    ("models.5.learning_rate", 0.001, 'Config, models[remote]: an API takes no learning_rate; drop it (its own settings stand under `api`).'),
    ("models.5.local", 'weights', "Config, models[remote]: 'api' and 'local' exclude each other; give exactly one."),
    ("models.3.truncate.model", 'remote', "Config, models[cut].truncate: 'remote' is behind an API; cut a local model."),
    ("supervisors.1.model", 'studnt', "Config, supervisors: 'studnt' is not defined; did you mean 'student'?"),
    ("supervisors.1.model", 'remote', 'Config, supervisors[asked]: an API model can only be a student; name a local model.'),
    ("supervisors.1.prompted_shots", -1, 'Config, supervisors[asked].prompted_shots: -1 must be at least 0.'),
    ("supervisors.1.prompted_shots", None, 'Config, supervisors[asked].prompted_shots: no value is given; it must be a whole number.'),
    ("supervisors.1.name", 'a/b', "Config, supervisors[a/b].name: 'a/b' does not fit its description, 'Name of the supervisor in paths and figures: letters, digits, ., - and _'."),
    ("supervisors.1.name", ABSENT, "Config, supervisors[1]: the key 'name' is missing; add it."),
    ("supervisors.1.shots", 2, "Config, supervisors[asked]: unknown key 'shots'; did you mean 'prompted_shots'?"),
    ("supervisors.1.name", 'supervisor', "Config, supervisors: the name 'supervisor' stands twice; rename one."),
    ("supervisors.2.shuffle_errors_of", 'shuffled', "Config, supervisors[shuffled]: shuffle_errors_of names 'shuffled', which must be another supervisor of the study, itself unshuffled."),
    ("supervisors.2.shuffle_errors_of", 'nobody', "Config, supervisors[shuffled]: shuffle_errors_of names 'nobody', which must be another supervisor of the study, itself unshuffled."),
    ("supervisors.2.prompted_shots", 0, 'Config, supervisors[shuffled]: shuffle_errors_of stands alone; drop the other keys.'),
    ("supervisors.1", 5, 'Config, supervisors[1]: 5 must be text or a mapping (key: value); put it in quotes.'),
    ("supervisors.0", 'remote', 'Config, supervisors[remote]: an API model can only be a student; name a local model.'),
    ("methods.1.like", 'sequential', "Config, methods: 'sequential' is not defined; did you mean 'sequential_sft'?"),
    ("methods.1.like", ABSENT, "Config, methods[mine]: the key 'like' is missing; add it."),
    ("methods.1.name", 'Mine!', "Config, methods[Mine!].name: 'Mine!' does not fit its description, 'Name of the variant in paths: small letters, digits, - and _'."),
    ("methods.1.name", 'sequential_sft', 'Config, methods: a name stands twice; rename one.'),
    ("methods.1.shots.quality", 'silver', "Config, methods[mine].shots.quality: 'silver' must be 'gold' or 'weak'."),
    ("methods.1.shots.k", ABSENT, "Config, methods[mine].shots: 'sequential_sft' cannot take these; give `k`."),
    ("methods.1.shots.k", 0, 'Config, methods[mine].shots.k: 0 must be at least 1.'),
    ("methods.1.shots.n", 3, "Config, methods[mine].shots: unknown key 'n'; known are k, quality."),
    ("methods.1.selection.measure", 'variance', "Config, methods[mine].selection.measure: 'variance' must be 'entropy' or 'margin'."),
    ("methods.1.selection.temperature", -1, 'Config, methods[mine].selection.temperature: -1 must be at least 0.'),
    ("methods.1.selection", {}, "Config, methods[mine].selection: the key 'measure' is missing; add it."),
    ("methods.1.like", 'joint_sft', "Config, methods[mine]: 'joint_sft' has no gold stage after a weak one."),
    ("methods.1.gold_shares", [2], 'Config, methods[mine].gold_shares[0]: 2 must be at most 1.'),
    ("methods.1.gold_shares", [], 'Config, methods[mine].gold_shares: the list needs at least 1, but has 0; add some.'),
    ("methods.1.training.epochs", 3, "Config, methods[mine].training: unknown key 'epochs'; known are presentations, stopping."),
    ("methods.1.training.stopping", 'late', "Config, methods[mine].training.stopping: 'late' must be 'early_stopping' or 'fixed_epochs'."),
    ("methods.1.gold_weight", 0, 'Config, methods[mine].gold_weight: 0 must be above 0.'),
    ("methods.1.gold_weight", 2, 'Config, methods[mine]: only joint_sft has a gold_weight.'),
    ("methods.1.sots", {}, "Config, methods[mine]: unknown key 'sots'; did you mean 'shots'?"),
    ("methods", ["sequential_sft", "sequential_sft"], "Config, methods: 'sequential_sft' stands twice; remove one."),
    ("methods", 'sequential_sft', "Config, methods: 'sequential_sft' must be a list."),
    ("combinations", [], 'Config, combinations: the list needs at least 1, but has 0; add some.'),
    ("combinations.0", {"student": ["student"]}, "Config, combinations[0]: unknown key 'student'; did you mean 'students'?"),
    ("combinations.0", {"students": ["studnt"]}, "Config, combinations: 'studnt' is not one of the study's students; did you mean 'student'?"),
    ("combinations.1", {"students": []}, 'Config, combinations[1].students: the list needs at least 1, but has 0; add some.'),
    ("combinations", [{"students": ["student"]}], "Config, combinations: none holds 'remote' of the study's students; add one or drop it."),
    ("combinations.1.methods", ["few_shot_gold"], "Config, methods: 'few_shot_gold' needs the model itself, but the student 'remote' is behind an API, which is only finetuned on weak and gold labels, as by sequential_sft; keep them apart under `combinations`."),
    ("combinations.1.methods", 'few_shot_gold', "Config, combinations[1].methods: 'few_shot_gold' must be a list."),
    ("average_over", ["topik"], "Config, average_over: 'topik' is not defined; did you mean 'topic'?"),
    ("average_over", 'topic', "Config, average_over: 'topic' must be a list."),
    ("average_over", ["own", "own"], "Config, average_over: 'own' stands twice; remove one."),
    ("extra_seeds", [7], 'Config, extra_seeds: [7] must be a mapping (key: value).'),
    ("extra_seeds.seeds", [], 'Config, extra_seeds.seeds: the list needs at least 1, but has 0; add some.'),
    ("extra_seeds.seeds", [-7], 'Config, extra_seeds.seeds[0]: -7 must be at least 0.'),
    ("extra_seeds.at_most", 0, 'Config, extra_seeds.at_most: 0 must be at least 1.'),
    ("extra_seeds.at_most", ABSENT, "Config, extra_seeds: the key 'at_most' is missing; add it."),
    ("extra_seeds.atmost", 3, "Config, extra_seeds: unknown key 'atmost'; did you mean 'at_most'?"),
    ("jobs_per_gpu", 0, 'Config, jobs_per_gpu: 0 must be at least 1.'),
    ("jobs_per_gpu", 'all', "Config, jobs_per_gpu: 'all' must be a whole number."),
    ("grid.shots", [-1], 'Config, grid.shots[0]: -1 must be at least 0.'),
    ("grid.shots", [], "Config, grid: 'few_shot_gold' needs numbers of examples in prompts; add `shots`, as in [0, 2, 8]."),
    ("grid.shots", [1000], "Task 'topic': the pool holds 300 examples, but the grid buys 0 weak and 1000 gold labels, 1000 in all; lower the budgets or enlarge the pool."),
    ("grid.more_purchases", [[1]], 'Config, grid.more_purchases[0]: the list needs at least 2, but has 1; add some.'),
    ("grid.more_purchases", [[1, 2, 3]], 'Config, grid.more_purchases[0]: the list takes at most 2, but has 3; drop some.'),
    ("grid.more_purchases", [[-1, 2]], 'Config, grid.more_purchases[0][0]: -1 must be at least 0.'),
    ("grid.more_purchases", [5], 'Config, grid.more_purchases[0]: 5 must be a list.'),
    ("grid.more_purchases", [[1000000, 0]], "Task 'topic': the pool holds 300 examples, but the grid buys 1000000 weak and 0 gold labels, 1000000 in all; lower the budgets or enlarge the pool."),
    ("grid.beyond_pool", 'shrink', "Config, grid.beyond_pool: 'shrink' must be 'leave_out' or 'refuse'."),
    ("grid.beyond_context", 'shrink', "Config, grid.beyond_context: 'shrink' must be 'leave_out' or 'refuse'."),
    ("methods.1.finetune_on", [[1]], 'Config, methods[mine].finetune_on[0]: the list needs at least 2, but has 1; add some.'),
    ("methods.1.finetune_on", [[-1, 2]], 'Config, methods[mine].finetune_on[0][0]: -1 must be at least 0.'),
    ("models.0.catalogue", 'llama', "Config, models[student]: the catalogue has no model 'llama'; did you mean 'llama-3-8b'?"),
    ("figures.spending_over", ['topics'], "Config, figures.spending_over: 'topics' is not defined; did you mean 'topic'?"),
    ("figures.prompting_over", 'topic', "Config, figures.prompting_over: 'topic' must be a list."),
    ("figures.prompting_methods", ['few_shot'], "Config, figures: 'few_shot' is not one of the methods; did you mean 'few_shot_gold'?"),
    ("figures.scaling_method", 'xyz', "Config, figures: 'xyz' is not one of the methods; known are few_shot_gold, mine, sequential_sft."),
    ("inference.verdict", 0.5, 'Config, inference.verdict: 0.5 must be above 0.5.'),
    ("supervision.validation_size", 1, 'Config, supervision.validation_size: 1 must be at least 2.'),
    ("supervision.validation_size", 40, "Config, supervision.validation_size: 40 labels are held out, but the supervision set of 'topic' has 40; lower it or raise its supervision_size."),
    ("supervisors.1.prompted_shots", 41, "Config, supervisors[asked].prompted_shots: 41 examples are wanted, but the supervision set of 'topic' has 40; lower them or raise its supervision_size."),
    ("supervision.rows_in_pool", 2, 'Config, supervision.rows_in_pool: 2 must be true or false.'),
]
# fmt: on


def changed(path: str, value) -> dict:
    """STUDY with one entry set or taken away; numbers in the path are places in lists."""
    study = copy.deepcopy(STUDY)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    entry = study
    for step in parents:
        entry = entry[step]
    if value is ABSENT:
        del entry[last]
    else:
        entry[last] = value
    return study


def assert_is_a_sentence(text: str) -> None:
    """One line without control characters, which ends once; quotes and brackets may hold others' sentences."""
    assert text.isprintable() and re.search(r"[.?]$", text), text
    assert not re.search(r"[.?!] [A-Z]", re.sub(r"'[^']*'|\(.*\)", "", text)), text


def test_the_studies_that_all_bad_ones_are_made_from_are_valid():
    validate(STUDY)
    validate(RATED_STUDY)


@pytest.mark.parametrize(
    ("path", "value", "sentence"), BAD_CONFIGS, ids=[f"{place} {row[0]}" for place, row in enumerate(BAD_CONFIGS)]
)
def test_a_bad_config_is_refused_with_its_sentence(path, value, sentence):
    with pytest.raises(InputError) as caught:
        validate(changed(path, value))
    assert str(caught.value) == sentence
    assert_is_a_sentence(sentence)


def test_every_part_of_the_schema_is_among_the_bad_configs():
    parts = {key.rpartition(".")[0] for key in keys_of(load_schema())}
    tried = {re.sub(r"\.\d+", "", path).rpartition(".")[0] for path, _, _ in BAD_CONFIGS}
    assert parts <= tried


# Hostile texts

HOSTILE = [
    "<script>alert(1)</script>",
    r"\input{/etc/passwd} $x$",
    "\x1b]0;title\x07",
    "{text} {0} {{",
    '=HYPERLINK("x")',
    "a\r\nb",
    "name\n",
]

# Data files

N = 200
TEXTS = [f"text number {i}" for i in range(N)]
LABELS = [i % 2 for i in range(N)]


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({"text": TEXTS, "label": LABELS} | columns)


def as_csv(rows: pd.DataFrame, **options) -> bytes:
    return rows.to_csv(index=False, **options).encode()


def as_parquet(rows: pd.DataFrame | pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pandas(rows) if isinstance(rows, pd.DataFrame) else rows, sink)
    return sink.getvalue().to_pybytes()


def as_lines(values: list) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


TWO_TEXTS = pa.table([TEXTS, TEXTS, LABELS], names=["text", "text", "label"])
SURROGATES = as_lines([{"text": f"{text} \ud800", "label": label} for text, label in zip(TEXTS, LABELS, strict=True)])
LABEL = "Task 'own', split 'train': the label in column 'label' is {} in row {}, but labels must be 0 or 1; "
NO_ROWS = "train.{} has no rows; write some into it or name another split."
# A row: what is wrong, the ending of the file, its content, and how the sentence begins (after the path, if it has one).
# fmt: off
BAD_FILES = [
    ("empty CSV", "csv", b"", NO_ROWS.format("csv")),
    ("empty JSON", "jsonl", b"", NO_ROWS.format("jsonl")),
    ("empty parquet", "parquet", b"", NO_ROWS.format("parquet")),
    ("header only", "csv", b"text,label\n", NO_ROWS.format("csv")),
    ("no rows in parquet", "parquet", as_parquet(table()[:0]), NO_ROWS.format("parquet")),
    ("Latin-1", "csv", "text,label\ncafé,1\n".encode("latin-1"), "train.csv cannot be read ('utf-8' codec"),
    ("UTF-16", "csv", as_csv(table()).decode().encode("utf-16"), "train.csv cannot be read ('utf-8' codec"),
    ("binary", "csv", bytes(range(256)) * 10, "train.csv cannot be read ("),
    ("truncated parquet", "parquet", as_parquet(table())[:-30], "train.parquet cannot be read (Parquet magic bytes"),
    ("parquet with a wrong footer", "parquet", b"PAR1" + b"x" * 500 + b"PAR1", "train.parquet cannot be read ("),
    ("parquet called CSV", "csv", as_parquet(table()), "train.csv cannot be read ("),
    ("CSV called parquet", "parquet", as_csv(table()), "train.parquet cannot be read ("),
    ("CSV called JSON", "jsonl", as_csv(table()), "train.jsonl cannot be read ("),
    ("two columns of one name in CSV", "csv", b"text,text,label\na,b,1\n", "train.csv has two columns 'text'; rename one."),
    ("two columns of one name in parquet", "parquet", as_parquet(TWO_TEXTS), "train.parquet has two columns 'text'; rename one."),
    ("two fields of one name in JSON", "jsonl", b'{"text": "a", "text": "b", "label": 1}\n', "train.jsonl cannot be read ("),
    ("semicolons", "csv", as_csv(table(), sep=";"), "the column 'text' is missing; it has text;label."),
    ("no header", "csv", as_csv(table(), header=False), "the column 'text' is missing; it has text number 0, 0."),
    ("rows of different length", "csv", b"text,label\na,1\nb,0,7,8\n", "train.csv cannot be read ("),
    ("open quote", "csv", b'text,label\n"a,1\nb,0\n', "train.csv cannot be read ("),
    ("broken JSON", "jsonl", b'{"text": "a", "label": 1}\n{"text": \n', "train.jsonl cannot be read ("),
    ("JSON scalars", "jsonl", b"1\n2\n", "train.jsonl cannot be read ("),
    ("half a surrogate pair", "jsonl", SURROGATES, "train.jsonl cannot be read ("),
    ("missing column", "csv", as_csv(table().rename(columns={"text": "texts"})), "the column 'text' is missing; it has texts, label."),
    ("missing label", "csv", as_csv(table().drop(columns="label")), "the column 'label' is missing; it has text."),
    ("hostile column", "csv", as_csv(table().rename(columns={"text": "\x1b[31m\n"})), "the column 'text' is missing; it has \\x1b[31m , label."),
    ("bytes as text", "parquet", as_parquet(table(text=[b"\xff%d" % i for i in range(N)])), "train.parquet holds bytes in column 'text'; write them as text."),
    ("no label", "csv", as_csv(table(label=[None if i == 3 else i % 2 for i in range(N)])), LABEL.format("nan", 3)),
    ("no labels", "parquet", as_parquet(table(label=[None] * N)), LABEL.format("None", 0)),
    ("half a label", "parquet", as_parquet(table(label=[0.5 if i == 3 else float(i % 2) for i in range(N)])), LABEL.format(0.5, 3)),
    ("infinite label", "parquet", as_parquet(table(label=[math.inf] * N)), LABEL.format("inf", 0)),
    ("label of 2", "csv", as_csv(table(label=[i % 3 for i in range(N)])), LABEL.format(2, 2)),
    ("labels of -1 and 1", "csv", as_csv(table(label=[-1, 1] * (N // 2))), LABEL.format(-1, 0)),
    ("labels yes and no", "csv", as_csv(table(label=["yes", "no"] * (N // 2))), LABEL.format("'yes'", 0)),
    ("labels in quotes", "parquet", as_parquet(table(label=[str(i % 2) for i in range(N)])), LABEL.format("'0'", 0)),
    ("dates as labels", "parquet", as_parquet(table(label=pd.date_range("2020", periods=N))), LABEL.format("Timestamp('2020-01-01 00:00:00')", 0)),
    ("mappings as labels", "jsonl", as_lines([{"text": text, "label": {"a": 1}} for text in TEXTS]), LABEL.format("{'a': 1}", 0)),
    ("one class", "csv", as_csv(table(label=1)), "the train split is not binary, its labels are 1; choose another."),
    ("empty texts", "csv", as_csv(table(text="")), "no row of the train split has a text; name columns that hold some."),
    ("no texts", "parquet", as_parquet(table(text=[None] * N)), "no row of the train split has a text; name columns that hold some."),
    ("one text", "csv", as_csv(table(text="same")), "the test set needs 10 examples with label 0, but only 0 are left; ask for fewer in the config."),
    ("contradictions", "csv", as_csv(table(text=[f"text {i // 2}" for i in range(N)])), "the test set needs 10 examples with label 0, but only 0 are left; ask for fewer in the config."),
    ("few rows", "csv", as_csv(table()[:50]), "the pool set needs 50 examples with label 0, but only 5 are left; ask for fewer in the config."),
]
# fmt: on


FILE_TASK = {
    "name": "own",
    "local": "own",
    "splits": {"train": "train", "test": "train"},
    "text": "{text}",
    "label": "label",
    "pool_size": 100,
    "test_size": 20,
    "supervision_size": 20,
}


def prepared(folder: Path, ending: str, content: bytes, task: dict = FILE_TASK):
    """The sets of a task whose only file has this content."""
    (folder / "own").mkdir(exist_ok=True)
    (folder / f"own/train.{ending}").write_bytes(content)
    return prepare_task(task, "local", str(folder))


@pytest.mark.parametrize(
    ("ending", "content"),
    [
        ("csv", b"\xef\xbb\xbf" + as_csv(table())),
        ("jsonl", as_lines(table().to_dict("records"))),
        ("parquet", as_parquet(table())),
    ],
)
def test_the_files_that_all_bad_ones_resemble_are_read(tmp_path, ending, content):
    assert len(prepared(tmp_path, ending, content)["pool"]) == 100


@pytest.mark.parametrize(
    ("ending", "content", "sentence"), [row[1:] for row in BAD_FILES], ids=[row[0] for row in BAD_FILES]
)
def test_a_bad_file_is_refused_with_its_sentence(tmp_path, ending, content, sentence):
    with pytest.raises(InputError) as caught:
        prepared(tmp_path, ending, content)
    assert "Task 'own'" in str(caught.value) and sentence in str(caught.value)
    assert_is_a_sentence(str(caught.value))


QUESTIONS = {"q": [f"question {i}" for i in range(N)]}
TWO = {"o": [["x", "y"]] * N, "r": LABELS}
CHOICE = {"text": "{q} {answer}", "answer": {"among": "o", "right": "r", "first": 0}}
NAMED = {"text": "{q} {answer}", "answer": {"among": "o", "names": "n", "right": "r", "first": 0}}
PAIR = {"text": "{first} or {second}", "pair": {"right": "g", "wrong": "b"}}
LINES = {"text": "{q}\n{m}", "lines": {"m": "{k}) {v}"}, "label": "label"}
# A row: what is wrong, the task's rule, columns beside the questions, and how the sentence begins.
# fmt: off
BAD_ROWS = [
    ("no answers", CHOICE, {"o": ["x"] * N, "r": LABELS}, "'o' is 'x' in row 0, but must be a list; correct the task's `answer`."),
    ("no text among the answers", CHOICE, TWO | {"o": [["x", None]] * N}, "'o' lacks a text in row 0, which may be an answer; drop such rows."),
    ("answer out of range", CHOICE, TWO | {"r": [2] * N}, "the right answer in column 'r' is '2' in row 0, but the answers are called 0, 1;"),
    ("no right answer", CHOICE, TWO | {"r": [None if i == 3 else i % 2 for i in range(N)]}, "the right answer in column 'r' is 'nan' in row 3, but"),
    ("answers all alike", CHOICE, TWO | {"o": [["x", "x"]] * N}, "no row of the train split has a text; name columns that hold some."),
    ("more names than answers", NAMED, TWO | {"n": [["A", "B", "C"]] * N}, "there are 2 answers but 3 names in row 0, which do not match;"),
    ("no column of names", NAMED, TWO, "the column 'n' is missing; it has q, o, r."),
    ("pairs alike", PAIR, {"g": ["x"] * N, "b": ["x"] * N}, "no row of the train split has a text; name columns that hold some."),
    ("half a pair", PAIR, {"g": ["x"] * N}, "the column 'b' is missing; it has q, g."),
    ("no mapping for lines", LINES, {"m": ["x"] * N, "label": LABELS}, "the column 'm' is 'x' in row 0, which no line '{k}) {v}' shows; correct `lines`."),
    ("numbers for lines", LINES, {"m": [{"k": 1, "v": 2}] * N, "label": LABELS}, "the column 'm' is {'k': 1, 'v': 2} in row 0, which no line"),
    ("lines without a name", LINES, {"m": [{"k": ["a"]}] * N, "label": LABELS}, "which no line '{k}) {v}' shows; correct `lines`."),
    ("mapping as text", {"text": "{m}", "label": "label"}, {"m": [{"a": 1}] * N, "label": LABELS}, "the column 'm' is {'a': 1} in row 0, a mapping; say under `lines` how it is shown."),
    ("lists as labels", {"text": "{q}", "label": "label"}, {"label": [[i % 2] for i in range(N)]}, "the label in column 'label' is array([0]) in row 0, but labels must be 0 or 1;"),
    ("a value that no label has", {"text": "{q}", "label": {"column": "label", "is": "yes"}}, {"label": LABELS}, "the train split is not binary, its labels are 0; choose another."),
]
# fmt: on


@pytest.mark.parametrize(
    ("rule", "columns", "sentence"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS]
)
def test_rows_that_do_not_fit_the_rule_are_refused_with_their_sentence(tmp_path, rule, columns, sentence):
    task = {key: value for key, value in FILE_TASK.items() if key not in ("text", "label")} | rule
    with pytest.raises(InputError) as caught:
        prepared(tmp_path, "parquet", as_parquet(pd.DataFrame(QUESTIONS | columns)), task)
    assert "Task 'own'" in str(caught.value) and sentence in str(caught.value)
    assert_is_a_sentence(str(caught.value))


@pytest.mark.parametrize(
    ("rule", "columns"),
    [
        (CHOICE, TWO),
        (NAMED, TWO | {"n": [["0", "1"]] * N}),
        (PAIR, {"g": TEXTS, "b": ["bad"] * N}),
        (LINES, {"m": [{"k": ["a"], "v": ["b"]}] * N, "label": LABELS}),
    ],
)
def test_the_rows_that_all_bad_ones_resemble_fit(tmp_path, rule, columns):
    task = {key: value for key, value in FILE_TASK.items() if key not in ("text", "label", "pool_size")} | rule
    columns = QUESTIONS | columns
    assert prepared(tmp_path, "parquet", as_parquet(pd.DataFrame(columns)), task | {"pool_size": 50})["pool"].size


@pytest.mark.parametrize("kind", ["folder", "broken link", "nothing"])
def test_what_is_no_file_is_refused(tmp_path, kind):
    place = tmp_path / "own/train.parquet"
    place.parent.mkdir()
    if kind == "folder":
        place.mkdir()
    elif kind == "broken link":
        place.symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"none of .*own/train\.parquet, .* is a file; correct data_folder"):
        prepare_task(FILE_TASK, "local", str(tmp_path))


@pytest.mark.parametrize(
    "path", ["study", "tasks.0.name", "models.0.name", "supervisors.1.name", "methods.1.name", "methods.1.title"]
)
@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_figures_tables_and_the_report_show_are_plain(path, name):
    with pytest.raises(InputError, match="does not fit its description"):
        validate(changed(path, name))


def test_hostile_texts_stay_data(tmp_path):
    """They are kept as they are, and what is written about them is plain."""
    texts = [f"{HOSTILE[i % len(HOSTILE)]} {i}" for i in range(N)]
    sets = prepared(tmp_path, "parquet", as_parquet(table(text=texts)))
    everything = pd.concat(sets.values())
    assert set(everything.text) <= set(texts)
    write_json(tmp_path / "card.json", {"examples": sample_texts(sets, 20)})
    card = (tmp_path / "card.json").read_text()
    assert card.replace("\n", "").isprintable()
    assert {example["text"] for example in json.loads(card)["examples"]} <= set(texts)


# Random configs


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(studies())
def test_random_valid_configs_are_valid(study):
    before = copy.deepcopy(study)
    filled = validate(study)
    assert study == before
    assert validate(filled) == filled
    assert all(filled[key] == value for key, value in study.items() if not isinstance(value, (dict, list)))


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations())
def test_random_mutations_are_valid_or_refused_with_a_sentence(study):
    try:
        filled = validate(study)
    except InputError as error:
        assert_is_a_sentence(str(error))
    else:
        assert validate(filled) == filled
