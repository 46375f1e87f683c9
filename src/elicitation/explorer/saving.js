// What readers take with them: pictures, tables, the answer in words and the link to the view.

// Saved pictures are so large, in pixels; PNGs have twice as many each way.
const SAVED_SIZE = { width: 1000, height: 650 };
// So many milliseconds later a browser has surely read what it saves.
const READ_AFTER = 10_000;

/** What the view is of. */
const placeWords = ({ task, supervisor, student }) =>
  `Study ${STUDY.name}, task ${task}, weak labels of ${supervisor}, student ${student}`;

const pricesWords = (view) => {
  const [weak, gold, budget] = [view.weak, view.gold, view.budget].map(money);
  return `A weak label costs ${weak}, a gold label ${gold}; the budget is ${budget}${forTexts(view)}.`;
};

/** A file's name, of letters that every system takes. */
const fileName = (what) => `${STUDY.name}-${what}`.replaceAll(/[^\p{L}\p{N}]+/gu, "-");

// Pictures

/** A trace of a saved picture: the colours of shares have their scale beside them, once. */
function savedTrace(trace, k, traces) {
  if (!Array.isArray(trace.marker?.colorscale)) return { ...trace, showlegend: Boolean(trace.name) };
  const isLast = traces.findLastIndex(({ marker }) => Array.isArray(marker?.colorscale)) === k;
  const colorbar = { title: { text: "share of the cost<br>on weak labels", side: "right" }, thickness: 12 };
  return { ...trace, showlegend: false, marker: { ...trace.marker, showscale: isLast, colorbar } };
}

/** A square for each way of spending, which a saved map has as its key. */
const keyTraces = (colours) =>
  WAY_COLOURS.map((name, k) => ({
    ...{ type: "scatter", mode: "markers", x: [null], y: [null], name: PLAIN_WAYS[k], showlegend: true },
    marker: { symbol: "square", size: 12, color: colours[name] },
  }));

/** A plot with its title, terms and key, as Plotly draws it. */
function pictureToSave(name, view, colours) {
  const { data, layout: look } = element(`${name}-plot`);
  const marks = name === "map" ? "Hatched: undetermined. Ring: your price and budget." : "";
  const lines = [STUDY.warning, placeWords(view), `${pricesWords(view)} ${marks}`];
  const terms = lines.filter(Boolean).map(plain).join("<br>");
  const text = `${plain(element(`${name}-title`).textContent)}<br><span style="font-size:12px">${terms}</span>`;
  const layout = {
    ...look,
    title: { text, x: 0.02, xanchor: "left", font: { size: 17 } },
    showlegend: true,
    legend: { orientation: "h", y: -0.14 },
    margin: { ...look.margin, t: 105, b: 110, r: name === "frontier" ? 100 : look.margin.r },
  };
  return { data: [...data.map(savedTrace), ...(name === "map" ? keyTraces(colours) : [])], layout };
}

function savePicture({ currentTarget: { dataset } }) {
  const scale = dataset.format === "png" ? 2 : 1;
  const file = { ...SAVED_SIZE, scale, format: dataset.format, filename: fileName(dataset.plot) };
  Plotly.downloadImage(pictureToSave(dataset.plot, view, colours), file);
}

// Tables

/** A row of comma-separated values. */
const csvRow = (cells) => cells.map(csvCell).join(",");
const csvCell = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : (cell ?? ""));

/** All purchases of the plot of costs, in the order of their costs, by the names of results/frontier.csv. */
function frontierRows({ scored, gold, weak, task, student, supervisor }) {
  const heads = [
    ...["task", "student", "supervisor", "method", "n_weak", "n_gold", "n_seeds", "weak_price", "gold_price", "cost"],
    ...["measured", "score", "score_low", "score_high", "probability", "on_frontier"],
  ];
  const rows = [...scored]
    .sort((a, b) => a.cost - b.cost)
    .map((point) => [
      ...[task, student, supervisor, point.surface?.method ?? point.kind, point.nWeak, point.nGold, point.nSeeds],
      ...[weak, gold, point.cost * gold, point.measured, point.mean, point.low, point.high],
      ...[point.probability, point.onFrontier],
    ]);
  return [heads, ...rows];
}

/** What is bought as the budget grows. */
function pathRows({ path, gold, task, student, decision }) {
  const heads = [
    ...["task", "student", "supervisor", "weak_price", "gold_price", "budget", "n_weak", "n_gold", "method", "cost"],
    ...["score", "score_low", "score_high"],
  ];
  const rows = path.map(({ budget, best }) => {
    const { mean, low, high } = scoreOf(best ?? decision.free);
    const bought = [best?.nWeak ?? 0, best?.nGold ?? 0, best?.surface.method ?? "", (best?.cost ?? 0) * gold];
    const supervisor = sourceOf(best);
    const weak = supervisor && priceOf(supervisor);
    return [task, student, supervisor, weak, gold, budget, ...bought, mean, low, high];
  });
  return [heads, ...rows];
}

/** What was run, where the weak label is wrong and where it is right, by the names of results/summary.parquet. */
function partsRows({ parts }) {
  const ends = (part) => ["", "_low", "_high"].map((end) => `accuracy_${part}${end}`);
  const heads = ["task", "student", "supervisor", "method", "n_weak", "n_gold", "n_seeds", "n_wrong", "n_right"];
  const rows = parts.map((row) => [
    ...[row.task, row.student, row.supervisor, row.method, row.nWeak, row.nGold, row.nSeeds, row.nWrong, row.nRight],
    ...[row.wrong, row.right].flatMap((score) => (score ? [score.mean, score.low, score.high] : [null, null, null])),
  ]);
  return [[...heads, ...ends("wrong"), ...ends("right")], ...rows];
}

const TABLES = { frontier: frontierRows, path: pathRows, parts: partsRows };

function saveTable({ currentTarget: { dataset } }) {
  const text = TABLES[dataset.table](view).map(csvRow).join("\r\n");
  const href = URL.createObjectURL(new Blob([`${text}\r\n`], { type: "text/csv" }));
  make("a", { href, download: `${fileName(dataset.table)}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(href), READ_AFTER);
}

// Words

/** The answer with what it holds for and why, as lines. */
function wholeAnswer(view) {
  const reasons = [...element("reasons").querySelectorAll("p, li")].map(({ textContent }) => textContent);
  const sources = sourcesWords(view);
  const answer = [leadWords(view), betterWords(view), targetWords(view), sources, aloneWords(view), supportWords(view)];
  const lines = [STUDY.warning, `${placeWords(view)}.`, pricesWords(view), ...answer, ...reasons];
  return lines.filter(Boolean).join("\n");
}

/** The address of what is shown now, which may be newer than the address that the browser shows. */
const linkToView = () => `${location.href.split("#")[0]}${address()}`;

/** Copy a text and say so; where the browser forbids it, the text is shown and selected. */
async function copy(text, what) {
  const said = element("copied");
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = `${what} is copied.`;
  } catch {
    said.textContent = text;
    getSelection().selectAllChildren(said);
  }
}
