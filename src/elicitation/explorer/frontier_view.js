// Cost and score: what was run, what costs nothing, and what a growing budget buys.

// The diameters of points that are never and always on the frontier, in pixels.
const POINT_SIZES = [6, 14];
// The points of neighbouring methods are moved aside by this factor, so that none hides another.
const ASIDE = 1.015;
// What needs no label is called so.
const FREE_WORDS = {
  asking: "asking the model without labels",
  "commoner label": "always giving the commoner label",
  "weak labels": "the weak labels themselves",
};

function hoverOfPoint(view, point) {
  const { supervisor, task, student, gold, titles, here } = view;
  const { surface, nSeeds } = point;
  const runs = `${nSeeds} seed${nSeeds === 1 ? "" : "s"}${here.nTasks > 1 ? ` on each of ${here.nTasks} tasks` : ""}`;
  return [
    `<b>${plain(titles[surface.method])}</b>: ${describePurchase(point)}`,
    plain(`${task} / ${supervisor} / ${student} / ${surface.method}`),
    `cost ${money(point.cost * gold)}, ${runs}, measured ${percentText(point.measured)} %`,
    `expected ${STUDY.measure.title} ${percentText(point.mean)} % (${spread(point)})`,
    `on the frontier with probability ${likely(point.probability)}`,
  ].join("<br>");
}

/** The share of the cost that goes into weak labels. */
const weakShare = ({ nWeak, cost }, { ratio, haveWeak }) =>
  cost > 0 ? (ratio * Math.max(nWeak - haveWeak, 0)) / cost : 0;

function pointsTrace(view, colours, shown, onTop, placeOfCost) {
  const { methods } = view;
  const aside = ({ surface }) => ASIDE ** (methods.indexOf(surface.method) - (methods.length - 1) / 2);
  return {
    type: "scatter",
    mode: "markers",
    x: shown.map((point) => placeOfCost(point.cost) * aside(point)),
    y: shown.map((point) => 100 * point.mean),
    error_y: {
      type: "data",
      symmetric: false,
      array: shown.map((point) => 100 * (point.high - point.mean)),
      arrayminus: shown.map((point) => 100 * (point.mean - point.low)),
      color: colours.bar,
      thickness: onTop ? 1.4 : 0.8,
      width: onTop ? 3 : 0,
    },
    marker: {
      symbol: shown.map((point) => view.symbols[point.surface.method]),
      size: shown.map((point) => POINT_SIZES[0] + (POINT_SIZES[1] - POINT_SIZES[0]) * Math.sqrt(point.probability)),
      color: shown.map((point) => weakShare(point, view.terms)),
      colorscale: "Cividis",
      reversescale: true,
      cmin: 0,
      cmax: 1,
      opacity: onTop ? 1 : 0.6,
      line: { color: colours.ink, width: onTop ? 1.2 : 0.5 },
    },
    hoverinfo: "text",
    hovertext: shown.map((point) => hoverOfPoint(view, point)),
  };
}

/** The expected score of the recommendation as the budget grows: places on the plot. */
function recommendedLine({ path, decision, gold }, ends, placeOfCost) {
  const free = 100 * decision.free.mean;
  const steps = path.map(({ budget, best }) =>
    best ? { x: placeOfCost(best.cost), y: 100 * best.mean } : { x: Math.min(budget, ends[1]), y: free },
  );
  const last = { x: ends[1], y: steps.at(-1).y };
  return [{ x: ends[0], y: free }, ...steps, last].filter(({ x }) => x <= ends[1]);
}

function starOfAnswer({ decision }, colours, ends, placeOfCost) {
  const { best, buys, free } = decision;
  const score = scoreOf(buys ? best : free);
  const error = { type: "data", symmetric: false, color: colours.star, thickness: 1.6, width: 4 };
  error.array = [100 * (score.high - score.mean)];
  error.arrayminus = [100 * (score.mean - score.low)];
  const bought = buys ? describePurchase(best) : "nothing";
  const text = `<b>what to buy</b>: ${bought}<br>expected ${percentText(score.mean)} % (${spread(score)})`;
  const more = { error_y: error, cliponaxis: false };
  return starTrace(colours, [buys ? placeOfCost(best.cost) : ends[0]], [100 * score.mean], text, more);
}

function drawFrontier(view, colours) {
  const { scored, gold, budget, decision, here, costs } = view;
  const ran = scored.filter(({ surface }) => surface);
  const paid = [...ran.map(({ cost }) => cost * gold), (costs?.most ?? 0) * gold].filter((cost) => cost > 0);
  const [low, high] = [Math.min(...paid, budget), Math.max(...paid, budget)];
  const ends = [low / 1.25, high * 1.25];
  // What costs nothing, for which a logarithmic axis has no place, stands at the left edge.
  const placeOfCost = (cost) => Math.max(cost * gold, ends[0]);
  const line = recommendedLine(view, ends, placeOfCost);
  const scores = [...ran, ...here.free, ...line.map(({ y }) => ({ mean: y / 100 }))].map(({ mean }) => 100 * mean);
  const range = [Math.max(0, Math.min(...scores) - 6), Math.min(101, Math.max(...scores) + 8)];
  const draw = (x, y, look) => ({ type: "scatter", mode: "lines", x, y, hoverinfo: "skip", line: look });
  const looks = {
    asking: { color: colours.accent, dash: "dashdot", width: 1.2 },
    "commoner label": { color: colours.muted, dash: "dot", width: 1.2 },
    "weak labels": { color: colours.muted, dash: "dash", width: 1.2 },
  };
  const traces = [
    ...here.free.map(({ kind, mean }) => draw(ends, [100 * mean, 100 * mean], looks[kind])),
    draw([budget, budget], range, { color: colours.star, dash: "dot", width: 1.4 }),
    draw(line.map(({ x }) => x), line.map(({ y }) => y), { color: colours.star, width: 2 }),
    pointsTrace(view, colours, ran.filter((point) => !point.onFrontier), false, placeOfCost),
    pointsTrace(view, colours, ran.filter((point) => point.onFrontier), true, placeOfCost),
    ...(decision.best ? [starOfAnswer(view, colours, ends, placeOfCost)] : []),
  ];
  const unit = STUDY.currency || (gold === 1 ? "gold labels" : "");
  const x = axis(colours, unit ? `cost, in ${unit}` : "cost", {
    type: "log",
    range: ends.map(Math.log10),
    ...ticks(roundNumbers(...ends, element("frontier-plot").clientWidth), (value) => value),
  });
  const y = axis(colours, `${STUDY.measure.title}, %`, { range });
  Plotly.react("frontier-plot", traces, layout(colours, x, y, view.key), PLOT_OPTIONS);
}

/** Fill a table. heads: names of its columns; a cell is a text or, in a column of words, a text that may be long. */
function fillTable(id, caption, heads, words, rows) {
  const table = element(id);
  const side = (place) => (words.includes(place) ? "words" : "");
  table.caption.textContent = caption;
  const head = heads.map((text, i) => make("th", { text, scope: "col", className: side(i) }));
  table.tHead.replaceChildren(make("tr", {}, head));
  const cells = (row) => row.map((text, i) => make("td", { text, className: side(i) }));
  table.tBodies[0].replaceChildren(...rows.map((row) => make("tr", {}, cells(row))));
}

function tabulateFrontier(view) {
  const { scored, gold, titles } = view;
  const shown = scored.filter(({ onFrontier }) => onFrontier).sort((a, b) => a.cost - b.cost);
  const rows = shown.map((point) => [
    money(point.cost * gold),
    count(point.nWeak),
    count(point.nGold),
    point.surface ? titles[point.surface.method] : FREE_WORDS[point.kind],
    `${percentText(point.mean)} %`,
    spread(point),
    likely(point.probability),
    point.surface ? count(point.nSeeds) : "–",
  ]);
  const heads = ["Cost", "Weak labels", "Gold labels", "Method", "Expected", "95 % interval", "Probability", "Seeds"];
  const caption = `On the frontier: ${shown.length} of ${scored.length} that were run or cost nothing.`;
  fillTable("frontier-table", caption, heads, [heads.indexOf("Method")], rows);
}

/** What is bought as the budget grows. */
function tabulatePath({ path, gold, titles, decision }) {
  const nothing = ["0", "0", "nothing is bought", `${percentText(decision.free.mean)} %`];
  const rows = path.map(({ budget, best }) => [
    money(budget),
    ...(best
      ? [...[best.nWeak, best.nGold].map(count), titles[best.surface.method], `${percentText(best.mean)} %`]
      : nothing),
    best ? money(best.cost * gold) : "0",
  ]);
  const heads = ["Budget", "Weak labels", "Gold labels", "Method", "Expected", "Cost"];
  fillTable("path-table", "What to buy as the budget grows, at these prices.", heads, [heads.indexOf("Method")], rows);
}
