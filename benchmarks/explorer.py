"""Milliseconds from the change of a control to the last drawing in the explorer, in headless Chromium.

Several pages of the same study, such as one before and one after a change, are measured in turns. `--large` adds the
page of a study that is made large: a posterior's tasks and methods many times over.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from selenium import webdriver

from elicitation.analysis.names import PURCHASE
from elicitation.analysis.posterior import Posterior, read_posterior
from elicitation.explorer.data import page_data
from elicitation.explorer.page import render

# As Debian's packages chromium and chromium-driver install them.
BROWSER, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1300,1700")
# Seconds in which a page computes ahead.
QUIET = 4
# From one price or budget to the next.
STEP = 0.93
# The large study has so many times the tasks and the methods.
MORE_TASKS, MORE_METHODS = 10, 8


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path, nargs="*", default=[Path("figures/explorer.html")])
    parser.add_argument("--large", type=Path, help="results/posterior.parquet of a finished study")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    return parser.parse_args()


def enlarged(posterior: Posterior) -> Posterior:
    """The posterior with copies of its tasks and methods, each a little worse than the one before."""
    copies = []
    for k in range(MORE_METHODS):
        bought = posterior.table[posterior.table.kind == PURCHASE]
        copies.append(bought.assign(method=bought.method + f" {k}", score=bought.score - 0.002 * k))
    table = pd.concat([*copies, posterior.table[posterior.table.kind != PURCHASE]], ignore_index=True)
    return Posterior(pd.concat([table.assign(task=table.task + f" {k}") for k in range(MORE_TASKS)], ignore_index=True))


def large_page(path: Path, folder: Path) -> Path:
    """The page of the posterior at `path`, made large."""
    posterior = enlarged(read_posterior(path))
    table = posterior.table
    study = {"name": "large", "titles": {name: name for name in table.method.unique()}, "verdict": 0.9, "precision": ""}
    study |= {"prices": {name: [0.5, 0.1, 0.01] for name in table.supervisor.unique()}, "weak_price": 0.1}
    budgets = np.geomspace(16, table.n_gold.max(), 5).round().tolist()
    page = folder / "large.html"
    page.write_text(render(page_data(posterior, study | {"budgets": budgets, "pool_sizes": {}, "measure": "accuracy"})))
    print(f"{page}: {page.stat().st_size / 1e6:.1f} MB, {len(table)} scores, {MORE_METHODS} methods compete")
    return page


def start_browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS:
        options.add_argument(f"--{flag}")
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))


def update(driver: webdriver.Chrome, name: str, value) -> float:
    """Milliseconds that the page takes to show another value of its state."""
    driver.execute_script("explorer.state[arguments[0]] = arguments[1]; explorer.update()", name, value)
    # What the browser puts off should not fall into the next change.
    time.sleep(0.2)
    return driver.execute_script("return explorer.lastUpdate")


def time_of_map(driver: webdriver.Chrome) -> float:
    """Milliseconds until the map of another price of gold labels is there, which it is after everything else."""
    started = time.perf_counter()
    driver.execute_script("explorer.state.gold *= 1.1; explorer.update()")
    while not driver.execute_script("return explorer.view.map === null || explorer.mapIsDrawn"):
        time.sleep(0.01)
    return 1000 * (time.perf_counter() - started)


def measure(driver: webdriver.Chrome, page: Path) -> dict[str, list[float]]:
    """Milliseconds by change, on a freshly opened page."""
    driver.get("about:blank")
    driver.get(page.resolve().as_uri())
    time.sleep(QUIET)
    first, *others = driver.execute_script("return [...document.getElementById('task').options].map((o) => o.value)")
    # Labels that have one price have no map; those of a model, which come last, have several.
    driver.execute_script("explorer.state.supervisor = [...document.getElementById('supervisor').options].at(-1).value")
    budget = driver.execute_script("return explorer.state.budget")
    return {
        "another task": [update(driver, "task", task) for task in (*others, first)],
        "weak price": [update(driver, "weak", 0.1 * STEP**i) for i in range(6)],
        "budget": [update(driver, "budget", budget * STEP**i) for i in range(6)],
        "gold price": [update(driver, "gold", STEP**i) for i in range(1, 4)],
        "the map, later": [time_of_map(driver)],
    }


def main() -> None:
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        large = [large_page(arguments.large, Path(folder))] if arguments.large else []
        driver = start_browser()
        found = {page: {} for page in (*arguments.pages, *large)}
        for _ in range(arguments.rounds):
            for page, times in found.items():
                for change, milliseconds in measure(driver, page).items():
                    times.setdefault(change, []).extend(milliseconds)
        driver.quit()
    print(f"| change | {' | '.join(f'{page.name}, ms | most' for page in found)} |")
    print(f"|---|{'---:|---:|' * len(found)}")
    for change in next(iter(found.values())):
        cells = (f"{median(times[change]):.0f} | {max(times[change]):.0f}" for times in found.values())
        print(f"| {change} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
