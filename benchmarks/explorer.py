"""Milliseconds from the change of a control to the last drawing in the explorer, in headless Chromium.

Several pages of the same study, such as one before and one after a change, are measured in turns.
"""

import argparse
import time
from pathlib import Path
from statistics import median

from selenium import webdriver

# As Debian's packages chromium and chromium-driver install them.
BROWSER, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1300,1700")
# Seconds in which a page computes ahead.
QUIET = 4
# From one price or budget to the next.
STEP = 0.93


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path, nargs="*", default=[Path("figures/explorer.html")])
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    return parser.parse_args()


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


def measure(driver: webdriver.Chrome, page: Path) -> dict[str, list[float]]:
    """Milliseconds by change, on a freshly opened page."""
    driver.get("about:blank")
    driver.get(page.resolve().as_uri())
    time.sleep(QUIET)
    first, *others = driver.execute_script("return [...document.getElementById('task').options].map((o) => o.value)")
    budget = driver.execute_script("return explorer.state.budget")
    return {
        "another task, first look": [update(driver, "task", task) for task in others],
        "another task, later": [update(driver, "task", task) for task in (first, *others)],
        "weak price": [update(driver, "weak", 0.1 * STEP**i) for i in range(6)],
        "budget": [update(driver, "budget", budget * STEP**i) for i in range(6)],
        "gold price": [update(driver, "gold", STEP**i) for i in range(1, 4)],
    }


def main() -> None:
    arguments = parse_arguments()
    driver = start_browser()
    found = {page: {} for page in arguments.pages}
    for _ in range(arguments.rounds):
        for page, times in found.items():
            for change, milliseconds in measure(driver, page).items():
                times.setdefault(change, []).extend(milliseconds)
    driver.quit()
    print(f"| change | {' | '.join(f'{page}, ms | most' for page in found)} |")
    print(f"|---|{'---:|---:|' * len(found)}")
    for change in found[arguments.pages[0]]:
        cells = (f"{median(times[change]):.0f} | {max(times[change]):.0f}" for times in found.values())
        print(f"| {change} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
