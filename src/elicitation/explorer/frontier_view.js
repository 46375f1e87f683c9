// Cost and score: what was run, what costs nothing, and what a growing budget buys.

// The diameters of points that are never and always on the frontier, in pixels.
const POINT_SIZES = [6, 14];
// The points of neighbouring methods are moved aside by this factor, so that none hides another.
const ASIDE = 1.015;
// The line of what to buy is called so.
const PATH_WORDS = "what to buy as money grows";
// What needs no label is called so.
const FREE_WORDS = {
  asking: "asking the model without labels",
  "commoner label": "always giving the commoner label",
  "weak labels": "the weak labels themselves",
};

function hoverOfPoint(view, point) {
  const { supervisor, task, student, gold, titles, here } = view;
  const { surface, nSeeds } = point;
  const runs = `${seedsWords(nSeeds)}${here.nTasks > 1 ? ` on each of ${here.nTasks} tasks` : ""}`;
  return [
    `<b>${plain(titles[surface.method])}</b>: ${describePurchase(point)}`,
    plain(`${task} / ${supervisor} / ${student} / ${surface.method}`),
    `cost ${money(point.cost * gold)}, ${runs}, measured ${percentText(point.measured)} %`,
    `expected ${STUDY.measure.title} ${percentText(point.mean)} % (${spread(point)})`,
    `on the frontier with probability ${likely(point.probability)}`,
  ].join("<br>");
}

/** The share of the cost that goes into weak labels. */
function weakShare({ surface, nWeak, nGold, cost }, { weak }) {
  const { ratio, have } = weak[surface.supervisor];
  // Where nothing is paid, their share of the labels: free weak labels are no gold ones.
  return cost > 0 ? (ratio * Math.max(nWeak - have, 0)) / cost : nWeak / (nWeak + nGold || 1);
}

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
      colorscale: colours.shares,
      cmin: 0,
      cmax: 1,
      opacity: onTop ? 1 : 0.8,
      line: { color: colours.ink, width: onTop ? 1.2 : 0.8 },
    },
    hoverinfo: "text",
    hovertext: shown.map((point) => hoverOfPoint(view, point)),
  };
}

/** The expected score of the recommendation as the budget grows: places on the plot. */
function recommendedLine({ ownPath, decision, gold }, ends, placeOfCost) {
  const free = 100 * decision.free.mean;
  const steps = ownPath.flatMap(({ budget, best }, i) => {
    if (!best) return [{ x: budget, y: free }];
    const isNew = best.cost !== ownPath[i - 1]?.best?.cost;
    // What is left over buys nothing better, so the line stays where it is up to the budget.
    return [...(isNew ? [placeOfCost(best.cost)] : []), budget].map((x) => ({ x, y: 100 * best.mean }));
  });
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

/** What the line of the budget is called, on its side with more room. */
function wordsAtBudget(budget, [low, high], colours) {
  const isLeft = budget * budget < low * high;
  const place = { x: Math.log10(budget), y: 1, yref: "paper", xanchor: isLeft ? "left" : "right", yanchor: "top" };
  return { ...place, text: "your budget", showarrow: false, font: { color: colours.star, size: 12 } };
}

function drawFrontier(view, colours) {
  const { scored, gold, budget, decision, here, ownCosts } = view;
  const ran = scored.filter(({ surface }) => surface);
  const paid = [...ran.map(({ cost }) => cost * gold), (ownCosts?.most ?? 0) * gold].filter((cost) => cost > 0);
  const [low, high] = [Math.min(...paid, budget), Math.max(...paid, budget)];
  const ends = [low / 1.25, high * 1.25];
  // What costs nothing, for which a logarithmic axis has no place, stands at the left edge.
  const placeOfCost = (cost) => Math.max(cost * gold, ends[0]);
  const line = recommendedLine(view, ends, placeOfCost);
  const scores = [...ran, ...here.free, ...line.map(({ y }) => ({ mean: y / 100 }))].map(({ mean }) => 100 * mean);
  const range = [Math.max(0, Math.min(...scores) - 6), Math.min(101, Math.max(...scores) + 8)];
  for (const key of document.querySelectorAll("[data-free]")) {
    key.hidden = !here.free.some(({ kind }) => kind === key.dataset.free);
  }
  const draw = (name, x, y, look) => ({ type: "scatter", mode: "lines", name, x, y, hoverinfo: "skip", line: look });
  const looks = {
    asking: { color: colours.accent, dash: "dashdot", width: 1.2 },
    "commoner label": { color: colours.muted, dash: "dot", width: 1.2 },
    "weak labels": { color: colours.muted, dash: "dash", width: 1.2 },
  };
  const traces = [
    ...here.free.map(({ kind, mean }) => draw(FREE_WORDS[kind], ends, [100 * mean, 100 * mean], looks[kind])),
    draw("your budget", [budget, budget], range, { color: colours.star, dash: "dot", width: 1.4 }),
    draw(PATH_WORDS, line.map(({ x }) => x), line.map(({ y }) => y), { color: colours.star, width: 2 }),
    pointsTrace(view, colours, ran.filter((point) => !point.onFrontier), false, placeOfCost),
    pointsTrace(view, colours, ran.filter((point) => point.onFrontier), true, placeOfCost),
    ...(decision.best ? [starOfAnswer(view, colours, ends, placeOfCost)] : []),
  ];
  const unit = moneyUnit();
  const x = axis(colours, unit ? `cost, in ${unit}` : "cost", {
    type: "log",
    range: ends.map(Math.log10),
    ...ticks(roundNumbers(...ends, element("frontier-plot").clientWidth), (value) => value),
  });
  const y = axis(colours, `${STUDY.measure.title}, %`, { range });
  const look = { ...layout(colours, x, y, view.key), annotations: [wordsAtBudget(budget, ends, colours)] };
  Plotly.react("frontier-plot", traces, look, PLOT_OPTIONS);
  const dotted = `The upright dotted line is your budget, ${moneyWords(budget)}`;
  const right = "what lies to its right costs more than you have";
  element("frontier-words").textContent = `${dotted}: ${right}.${drawnWords(view)}`;
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
    `${percentText(point.mean)} %`,
    spread(point),
    count(point.nWeak),
    count(point.nGold),
    point.surface ? titles[point.surface.method] : FREE_WORDS[point.kind],
    likely(point.probability),
    point.surface ? count(point.nSeeds) : "–",
  ]);
  const method = "Method";
  const ends = [capital(STUDY.measure.title), "95 % interval"];
  const heads = ["Cost", ...ends, "Weak labels", "Gold labels", method, "Probability", "Seeds"];
  const whose = ofSource(view, " of the weak labels");
  const caption = `On the frontier${whose}: ${shown.length} of ${scored.length} that were run or cost nothing.`;
  fillTable("frontier-table", caption, heads, [heads.indexOf(method)], rows);
}

/** Whose the weak labels of a purchase are; empty where it has none, or nothing is bought. */
const sourceOf = (best) => (best?.nWeak ? best.surface.supervisor : "");

/** The best weak labels as they are, where they beat all that is bought at any budget; in a sentence. */
function labelsOfPath({ path, decision, sources, gold }) {
  const most = Math.max(...path.map(({ best }) => (best ?? decision.free).mean));
  const better = sources.labels.filter(({ mean, price }) => mean > most && price < gold);
  if (!better.length) return "";
  const best = better.reduce((one, other) => (other.mean > one.mean ? other : one));
  return `Better than each of these students: ${asTheyAre(best)}; ${bringWords(best)}. `;
}

/** Neighbouring budgets for which the same is recommended, as one row each. */
function joinedPath(path) {
  const rows = [];
  for (const { budget, best } of path) {
    const last = rows.at(-1);
    const isSame = last && isSamePurchase(last.best, best);
    if (isSame) last.most = budget;
    else rows.push({ budget, most: budget, best });
  }
  return rows;
}

/** Whether two purchases, or nothing, hold the same labels, from the same source by the same method. */
function isSamePurchase(one, other) {
  if (!one || !other) return one === other;
  const isAlike = one.nWeak === other.nWeak && one.nGold === other.nGold && sourceOf(one) === sourceOf(other);
  return isAlike && one.surface.method === other.surface.method;
}

/** Of which sources the table of growing budgets is. */
function pathWords(view) {
  const better = labelsOfPath(view);
  const what = better || leadingLabels(view) ? `${better}To train a student: what` : "What";
  const lead = `${what} to buy as the budget grows, at these prices`;
  if (view.sources.n === 1) return `${lead}.`;
  return view.allCompete ? `${lead}: the best of all sources.` : `${lead}: weak labels of ${view.supervisor} only.`;
}

/** What is bought as the budget grows: the answer at every budget. */
function tabulatePath(view) {
  const { pathRows, gold, titles, decision, sources } = view;
  const isOneOfMany = sources.n > 1;
  const rows = pathRows.map(({ budget, most, best }) => [
    most > budget ? `${money(budget)} to ${money(most)}` : money(budget),
    `${percentText((best ?? decision.free).mean)} %`,
    count(best?.nWeak ?? 0),
    ...(isOneOfMany ? [sourceOf(best) || "–"] : []),
    count(best?.nGold ?? 0),
    best ? titles[best.surface.method] : "nothing is bought",
    best ? money(best.cost * gold) : "0",
  ]);
  const whose = isOneOfMany ? ["Whose"] : [];
  const heads = ["Budget", capital(STUDY.measure.title), "Weak labels", ...whose, "Gold labels", "Method", "Cost"];
  const words = ["Whose", "Method"].map((name) => heads.indexOf(name));
  fillTable("path-table", pathWords(view), heads, words, rows);
}
