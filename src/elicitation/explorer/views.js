// What is drawn and said. Words reach the page by textContent and plots by `plain`, so that names from the data are
// never read as markup.

const SYMBOLS = [
  ...["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "triangle-left", "triangle-right"],
  ...["pentagon", "star", "hexagon", "diamond-tall", "octagon"],
];
// Of points that are never and always on the frontier, in pixels.
const SIZES = [6, 14];
// Factor by which the points of neighbouring methods are moved aside, so that none hides another.
const ASIDE = 1.015;
// Pixels that a number on an axis wants.
const LABEL_WIDTH = 50;
// And what one of its letters takes.
const LETTER_WIDTH = 8;
// Half the side of the stroke that marks a cell as undetermined, in cells.
const STROKE = 0.45;
const PLOT_OPTIONS = { displayModeBar: false, displaylogo: false, responsive: true };
// Amounts, from large to small, as in figures/style.py.
const AMOUNTS = [
  ...["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"],
];

const counted = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const rounded = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const count = (value) => counted.format(value);
const money = (value) => (value >= 100 ? counted : rounded).format(value);
const percent = (share) => (100 * share).toFixed(1);
const points = (share) => `${share < 0 ? "−" : ""}${Math.abs(100 * share).toFixed(1)}`;
const likely = (probability) => `${(100 * probability).toFixed(probability > 0.995 && probability < 1 ? 1 : 0)} %`;

/** Text for a plot, whose renderer knows a few HTML tags. */
const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const element = (id) => document.getElementById(id);

/** A new element with text and children. */
function make(tag, { text = "", className = "", ...attributes } = {}, children = []) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The page's colours, by the names that explorer.css gives them. */
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["card", "ink", "muted", "line", "grid", "accent", "star", "bar", "quantity", "mixed", "quality"];
  const values = names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  return { ...Object.fromEntries(values), font: getComputedStyle(document.body).fontFamily };
}

/** The colour that `colour` over `below` makes at an opacity; both #rrggbb. */
function blend(colour, below, opacity) {
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const [over, under] = [parts(colour), parts(below)];
  return `rgb(${over.map((value, i) => Math.round(opacity * value + (1 - opacity) * under[i])).join(",")})`;
}

function axis(colours, title, more = {}) {
  const look = { color: colours.muted, gridcolor: colours.grid, linecolor: colours.line, zeroline: false };
  // Neither a title at a standoff nor labels kept within the plot: both measure every label at each drawing.
  return { ...look, tickangle: 0, ticklabeloverflow: "allow", title: { text: title }, ...more };
}

/** x, y: axes. Margins are computed here, since measuring what is drawn costs as much as drawing it again. */
function layout(colours, x, y, revision) {
  const longest = Math.max(3, ...(y.ticktext ?? []).map((text) => text.length));
  return {
    xaxis: x,
    yaxis: y,
    uirevision: revision,
    showlegend: false,
    dragmode: matchMedia("(pointer: fine)").matches ? "zoom" : false,
    hovermode: "closest",
    margin: { l: 32 + LETTER_WIDTH * longest, r: 24, t: 8, b: 46 },
    paper_bgcolor: colours.card,
    plot_bgcolor: colours.card,
    font: { family: colours.font, color: colours.ink, size: 13 },
    hoverlabel: { align: "left", bgcolor: colours.card, bordercolor: colours.muted, font: { color: colours.ink } },
  };
}

/** Positions of plain numbers on an axis that shows `place(number)`. */
function ticks(numbers, place) {
  return { tickmode: "array", tickvals: numbers.map(place), ticktext: numbers.map((value) => rounded.format(value)) };
}

/** 1, 10, 100 and the like from low to high; with 2 and 5 between where so many labels fit the width, in pixels. */
function roundNumbers(low, high, width) {
  const fits = Math.log10(high / low) * 3 * LABEL_WIDTH < width;
  const steps = fits ? [1, 2, 5] : [1];
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    found.push(...steps.map((step) => Number(`${step}e${power}`)));
  }
  return found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
}

function describePurchase(nWeak, nGold) {
  if (nGold === 0) return `${count(nWeak)} weak labels`;
  return nWeak === 0 ? `${count(nGold)} gold labels` : `${count(nWeak)} weak + ${count(nGold)} gold labels`;
}

/** The star that marks the recommended purchase in every plot. */
function starTrace(colours, x, y, text, more = {}) {
  const marker = { symbol: "star", size: 17, color: colours.star, line: { color: colours.card, width: 1.5 } };
  return { type: "scatter", mode: "markers", x, y, marker, hoverinfo: "text", hovertext: text, ...more };
}

// Cost and accuracy

function hoverOfPoint(view, point) {
  const { group, gold, titles } = view;
  const { method, nWeak, nGold, nSeeds, nTasks } = group.points;
  const i = point.index;
  const [seeds, tasks] = [nSeeds[i], nTasks[i]];
  const runs = `${seeds} seed${seeds === 1 ? "" : "s"}${tasks > 1 ? ` on each of ${tasks} tasks` : ""}`;
  return [
    `<b>${plain(titles[method[i]])}</b>: ${describePurchase(nWeak[i], nGold[i])}`,
    plain(`${group.task} / ${group.supervisor} / ${group.student} / ${method[i]}`),
    `cost ${money(point.cost * gold)}, ${runs}`,
    `accuracy ${percent(point.accuracy)} % (${percent(point.low)} to ${percent(point.high)})`,
    `on the frontier with probability ${likely(point.probability)}`,
  ].join("<br>");
}

function pointsTrace(view, colours, shown, onTop) {
  const { methods, group } = view;
  const aside = ({ index }) => ASIDE ** (methods.indexOf(group.points.method[index]) - (methods.length - 1) / 2);
  return {
    type: "scatter",
    mode: "markers",
    x: shown.map((point) => point.cost * view.gold * aside(point)),
    y: shown.map((point) => 100 * point.accuracy),
    error_y: {
      type: "data",
      symmetric: false,
      array: shown.map((point) => 100 * Math.max(point.high - point.accuracy, 0)),
      arrayminus: shown.map((point) => 100 * Math.max(point.accuracy - point.low, 0)),
      color: colours.bar,
      thickness: onTop ? 1.4 : 0.8,
      width: onTop ? 3 : 0,
    },
    marker: {
      symbol: shown.map((point) => view.symbols[view.group.points.method[point.index]]),
      size: shown.map((point) => SIZES[0] + (SIZES[1] - SIZES[0]) * Math.sqrt(point.probability)),
      color: shown.map((point) => point.weakShare),
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

function drawFrontier(view, colours) {
  const { scored, frontier, gold, budget, group, answer } = view;
  const costs = scored.map((point) => point.cost * gold);
  const [low, high] = [Math.min(...costs, budget), Math.max(...costs, budget)];
  const { asked } = group;
  const free = asked ? 100 * asked.accuracy : null;
  const accuracies = [...scored.map((point) => 100 * point.accuracy), 100 * group.weakAccuracy, ...(asked ? [free] : [])];
  const range = [Math.min(...accuracies) - 6, Math.min(101, Math.max(...accuracies) + 8)];
  const ends = [low / 1.25, high * 1.25];
  const line = (x, y, look) => ({ type: "scatter", mode: "lines", x, y, hoverinfo: "skip", line: look });
  // Asking costs nothing, for which a logarithmic axis has no place: the frontier begins with it at the left edge.
  const paid = asked ? [{ cost: ends[0] / gold, accuracy: asked.accuracy }, ...frontier] : frontier;
  const step = paid.length ? [...paid, { ...paid.at(-1), cost: ends[1] / gold }] : [];
  const others = scored.filter((point) => !point.onFrontier);
  const weakLabels = 100 * group.weakAccuracy;
  const traces = [
    line(ends, [weakLabels, weakLabels], { color: colours.muted, dash: "dash", width: 1.2 }),
    ...(asked ? [line(ends, [free, free], { color: colours.accent, dash: "dashdot", width: 1.2 })] : []),
    line([budget, budget], range, { color: colours.star, dash: "dot", width: 1.4 }),
    line(
      step.map((point) => point.cost * gold),
      step.map((point) => 100 * point.accuracy),
      { color: colours.ink, shape: "hv", width: 1.4 },
    ),
    pointsTrace(view, colours, others, false),
    pointsTrace(view, colours, frontier, true),
  ];
  if (answer) {
    const { mean, low, high } = answer.accuracy;
    const text = `<b>what to buy</b>: ${describePurchase(answer.nWeak, answer.nGold)}<br>expected ${percent(mean)} %`;
    const spread = { type: "data", symmetric: false, color: colours.star, thickness: 1.6, width: 4 };
    spread.array = [100 * (high - mean)];
    spread.arrayminus = [100 * (mean - low)];
    traces.push(starTrace(colours, [answer.cost * gold], [100 * mean], text, { error_y: spread }));
  }
  const x = axis(colours, gold === 1 ? "cost, in gold labels" : "cost", {
    type: "log",
    range: ends.map(Math.log10),
    ...ticks(roundNumbers(...ends, element("frontier-plot").clientWidth), (value) => value),
  });
  const y = axis(colours, "accuracy, %", { range });
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
  const { group, scored, frontier, gold, titles } = view;
  const rows = frontier.map((point) => [
    money(point.cost * gold),
    count(group.points.nWeak[point.index]),
    count(group.points.nGold[point.index]),
    titles[group.points.method[point.index]],
    `${percent(point.accuracy)} %`,
    `${percent(point.low)} to ${percent(point.high)}`,
    likely(point.probability),
    count(group.points.nSeeds[point.index]),
  ]);
  const heads = ["Cost", "Weak labels", "Gold labels", "Method", "Accuracy", "95 % interval", "Probability", "Seeds"];
  const caption = `Purchases more likely than not on the frontier: ${frontier.length} of ${scored.length}.`;
  fillTable("frontier-table", caption, heads, [heads.indexOf("Method")], rows);
}

// Regimes

/** What a cell's colour says: its winner, and how sure that is, with a gap between undetermined and decided. */
function shadeOf({ winner, probabilities, regime }) {
  if (winner === null) return null;
  const strength = Math.max(0, (probabilities[winner] - 1 / 3) * 1.5);
  return winner + 0.999 * (regime === UNDETERMINED ? 0.4 * strength : 0.75 + 0.25 * strength);
}

/** A colour scale of one band a regime, from the card's colour to the regime's own. */
function regimeScale(colours) {
  const bands = [colours.quantity, colours.mixed, colours.quality];
  return bands.flatMap((colour, k) => [
    [k / bands.length, blend(colour, colours.card, 0.05)],
    [(k + (k + 1 < bands.length ? 0.999 : 1)) / bands.length, colour],
  ]);
}

/** What was found where these purchases are affordable. */
function describeCell(cell, group) {
  if (cell.winner === null) return cell.reason;
  const shares = REGIMES.map((name, k) => `${name} ${likely(cell.probabilities[k])}`);
  const buys = describePurchase(group.points.nWeak[cell.purchase], group.points.nGold[cell.purchase]);
  const called = `<b>${cell.regime}</b>${cell.reason ? ` (${cell.reason})` : ""}`;
  return [called, ...shares, `most often best: ${buys}`].join("<br>");
}

/** What every cell of the map says: thousands of cells, but few that differ by more than their place. */
function wordsOfCells(cells, prices, budgets, group) {
  const told = new Map(cells.flat().map((cell) => [cell, ""]));
  for (const cell of told.keys()) told.set(cell, describeCell(cell, group));
  const [weak, bought] = [prices, budgets].map((stops) => stops.map(money));
  return cells.map((row, b) =>
    row.map((cell, w) => `a weak label at ${weak[w]}, a budget of ${bought[b]}<br>${told.get(cell)}`),
  );
}

/** Where a value lies among ascending stops, which are a step apart from each other. */
function stepOf(stops, value) {
  const above = Math.max(1, value > stops.at(-1) ? stops.length - 1 : stops.findIndex((stop) => stop >= value));
  const share = Math.log(value / stops[above - 1]) / Math.log(stops[above] / stops[above - 1]);
  return above - 1 + Math.min(Math.max(share, 0), 1);
}

/** The ring where the sliders stand, as shapes. */
function ringAt(x, y, colours) {
  const size = { xsizemode: "pixel", ysizemode: "pixel", xanchor: x, yanchor: y, x0: -9, x1: 9, y0: -9, y1: 9 };
  const ring = (color, width) => ({ type: "circle", ...size, line: { color, width } });
  return [ring(colours.card, 7), ring(colours.ink, 3)];
}

/** Strokes over the undetermined cells, if any, as one shape: hundreds of marks would take as long as all else. */
function strokesOver(map, colours) {
  const open = ({ winner, regime }) => winner !== null && regime === UNDETERMINED;
  // Every other cell each way, so that strokes stay apart.
  const marked = ([x, y]) => x % 2 === 0 && y % 2 === 0 && open(map.cells[y][x]);
  const places = map.budgets.flatMap((_, y) => map.weak.map((_, x) => [x, y])).filter(marked);
  const strokes = places.map(([x, y]) => `M${x - STROKE},${y - STROKE}L${x + STROKE},${y + STROKE}`);
  const look = { type: "path", opacity: 0.6, line: { color: colours.ink, width: 1 } };
  return strokes.length ? [{ ...look, path: strokes.join("") }] : [];
}

const drawnMap = {};

function drawMap(view, colours) {
  const { map, weak, budget } = view;
  const ring = ringAt(stepOf(map.weak, weak), stepOf(map.budgets, budget), colours);
  const plot = element("map-plot");
  // Only the ring moves with the sliders; redrawing it alone keeps them quick.
  const drawn = { map, colours, width: plot.clientWidth };
  if (Object.keys(drawn).every((key) => drawn[key] === drawnMap[key])) {
    return Plotly.relayout(plot, { shapes: [...drawnMap.strokes, ...ring] });
  }
  Object.assign(drawnMap, drawn, { strokes: strokesOver(map, colours) });
  const cells = {
    type: "heatmap",
    z: map.shades,
    zmin: 0,
    zmax: REGIMES.length,
    colorscale: regimeScale(colours),
    showscale: false,
    hoverinfo: "text",
    hovertext: map.words,
    hoverongaps: true,
  };
  const axisOf = (title, stops) => {
    const shown = roundNumbers(stops[0], stops.at(-1), plot.clientWidth);
    const range = [-0.5, stops.length - 0.5];
    return axis(colours, title, { range, showgrid: false, ...ticks(shown, (value) => stepOf(stops, value)) });
  };
  const axes = [axisOf("price of a weak label", map.weak), axisOf("budget", map.budgets)];
  const shapes = [...drawnMap.strokes, ...ring];
  return Plotly.react(plot, [cells], { ...layout(colours, ...axes, view.key), shapes }, PLOT_OPTIONS);
}

function keyOfMap() {
  const names = ["quantity", "mixed", "quality"];
  const swatch = (style, className = "swatch") => make("span", { className, style });
  const key = (...parts) => make("span", { className: "key" }, parts);
  const entries = REGIMES.map((text, k) => key(swatch(`background:var(--${names[k]})`), text));
  entries.push(key(swatch("", "swatch hatched"), "undetermined"));
  entries.push("the paler, the less sure; blank: some way has no purchase; ring: the sliders");
  element("map-legend").replaceChildren(...entries);
}

/** The regime where the sliders stand, in words. */
function regimeWords(view) {
  const { regime, titles, focus, verdict } = view;
  const head = `${titles[focus]}, at these prices and this budget: `;
  if (regime.winner === null) return `${head}undetermined, as ${regime.reason}.`;
  const share = `${REGIMES[regime.winner]} with probability ${likely(regime.probabilities[regime.winner])}`;
  const open = regime.regime === UNDETERMINED;
  const why = regime.reason ? `since ${regime.reason}` : `as the study asks for ${likely(verdict)}`;
  const { effect, effectLow, effectHigh } = regime;
  const [word, ...ends] = effect < 0 ? ["loses", -effectHigh, -effectLow] : ["gains", effectLow, effectHigh];
  const mixing = `Mixing ${word} ${points(Math.abs(effect))} points (${ends.map(points).join(" to ")})`;
  return `${head}${share}${open ? `, so undetermined, ${why}` : ""}. ${mixing} against the better pure way.`;
}

// Production function

const placeOf = (n) => Math.log10(1 + n);

/** The shades of a surface as a picture, one pixel a purchase, with nothing where none was studied. */
function pictureOfSurface({ shades, nWeak, nGold, low, high }) {
  const canvas = make("canvas", { width: nWeak.length, height: nGold.length });
  const context = canvas.getContext("2d");
  shades.forEach((row, g) =>
    row.forEach((accuracy, w) => {
      if (accuracy === null) return;
      const place = (accuracy - low) / (high - low || 1);
      context.fillStyle = AMOUNTS[Math.round((1 - place) * (AMOUNTS.length - 1))];
      context.fillRect(w, nGold.length - 1 - g, 1, 1);
    }),
  );
  return canvas.toDataURL();
}

function drawIsoquants(view, colours) {
  element("isoquants-plot").hidden = !view.fit;
  if (!view.fit) return;
  const { surface, fit, path, weakPrice, budget, gold, group, scored, focusPoints, star } = view;
  const { nWeak: mostWeak, nGold: mostGold } = fit.largest;
  const tens = (most) => [0, ...roundNumbers(10, Math.max(most, 10), 0)];
  const axisOf = (title, most) =>
    axis(colours, title, { range: [-0.06, placeOf(most) * 1.04], showgrid: false, ...ticks(tens(most), placeOf) });
  const curve = (purchases, look, more = {}) => ({
    type: "scatter",
    mode: "lines",
    x: purchases.map((purchase) => purchase && placeOf(purchase.nWeak)),
    y: purchases.map((purchase) => purchase && placeOf(purchase.nGold)),
    line: look,
    hoverinfo: more.hovertext ? "text" : "skip",
    cliponaxis: false,
    ...more,
  });
  const labels = surface.isoquants.map(({ middle }) => middle);
  const levels = surface.isoquants.map(({ level }) => `${rounded.format(level)} %`);
  const halo = Array(3).fill(`0 0 3px ${colours.card}`).join(", ");
  const predicted = ({ nWeak, nGold }) => `predicted ${percent(fit.predict(nWeak, nGold))} %`;
  const describe = (purchase) => describePurchase(purchase.nWeak, purchase.nGold);
  const { nWeak, nGold } = group.points;
  const focused = new Set(focusPoints);
  const tested = scored
    .filter(({ index }) => focused.has(index))
    .map((point) => ({ ...point, nWeak: nWeak[point.index], nGold: nGold[point.index] }));
  const studied = path.map((step) => (step.studied ? step : null));
  const traces = [
    curve(surface.isoquants.flatMap(({ line }) => [...line, null]), { color: colours.ink, width: 1.1 }),
    curve(labels, {}, { mode: "text", text: levels, textfont: { size: 12, color: colours.ink, shadow: halo } }),
    curve(budgetLine(budget / gold, weakPrice, fit.largest), { color: colours.ink, dash: "dash", width: 1.6 }),
    curve(tested, {}, {
      mode: "markers",
      marker: { symbol: "circle-open", size: 7, color: colours.ink, line: { width: 1.3 } },
      hovertext: tested.map((point) => `${hoverOfPoint(view, point)}<br>${predicted(point)}`),
    }),
    curve(studied, { color: colours.star, width: 2.2 }, {
      mode: "lines+markers",
      marker: { size: 5 },
      hovertext: studied.map(
        (step) => step && `a budget of ${money(step.budget * gold)} buys ${describe(step)}<br>${predicted(step)}`,
      ),
    }),
    starTrace(colours, [placeOf(star.nWeak)], [placeOf(star.nGold)], `${describe(star)}<br>${predicted(star)}`, {
      cliponaxis: false,
    }),
  ];
  const [x, y] = [axisOf("weak labels", mostWeak), axisOf("gold labels", mostGold)];
  const picture = {
    source: surface.picture,
    ...{ xref: "x", yref: "y", x: 0, y: placeOf(mostGold), sizex: placeOf(mostWeak), sizey: placeOf(mostGold) },
    ...{ sizing: "stretch", layer: "below", opacity: 0.4 },
  };
  const look = { ...layout(colours, x, y, view.key), images: [picture] };
  Plotly.react("isoquants-plot", traces, look, PLOT_OPTIONS);
}

function rateWords(rate) {
  if (rate === Infinity) return "more weak labels replace no gold label";
  if (Number.isNaN(rate)) return "it is not known how many weak labels replace a gold one";
  if (rate === 0) return "more gold labels add nothing";
  return `one gold label more does the work of ${money(rate)} weak ones`;
}

/** How far a fit can be trusted. */
function fitWords(fit) {
  const error = fit.error === null ? "" : `, off by ${percent(fit.error)} points on held-out budgets`;
  const words = {
    good: "",
    bad: " This fit is bad: it explains less than half of what differs between held-out budgets.",
    undetermined: ` How good the fit is, is undetermined: ${fit.reason}.`,
  };
  return `${STUDY.forms[fit.form]}${error}.${words[fit.verdict]}`;
}

function describeProduction(view) {
  const { fit, star, titles, focus, weakPrice, gold, path } = view;
  if (!fit) {
    element("isoquants-words").textContent = `No production function was fitted for ${titles[focus]} here.`;
    fillTable("path-table", "", [], [], []);
    return;
  }
  const rate = rateWords(marginalRate(fit, star.nWeak, star.nGold));
  const price = `a gold label costs as much as ${money(1 / weakPrice)} weak ones`;
  element("isoquants-words").textContent = `${titles[focus]}, ${fitWords(fit)} At the star, ${rate}; ${price}.`;
  const rows = path.map((step) => [
    ...[money(step.budget * gold), count(step.nWeak), count(step.nGold)],
    ...(step.studied
      ? [`${percent(step.accuracy)} %`, rateCell(marginalRate(fit, step.nWeak, step.nGold))]
      : ["not studied", "–"]),
  ]);
  const heads = ["Budget", "Weak labels", "Gold labels", "Predicted", "Weak labels that replace one gold label"];
  fillTable("path-table", "The best purchase as the budget grows, at these prices.", heads, [], rows);
}

const rateCell = (rate) => (rate === Infinity ? "no number" : Number.isNaN(rate) ? "–" : money(rate));

// The answer

function figureOf(value, unit) {
  const parts = [make("span", { className: "value", text: value }), make("span", { className: "unit", text: unit })];
  return make("div", { className: "figure" }, parts);
}

const WAYS = ["weak labels alone are", "a mixture is", "gold labels alone are"];

/** Whether the runs support the way of spending, and what stands against it. */
function supportWords({ answer, verdict }) {
  const { regime, studied, lossAtMost } = answer;
  const loss = `Another choice would gain at most ${percent(lossAtMost)} points, if the basis below holds.`;
  const beyond = studied ? "" : " This lies beyond what was studied.";
  if (regime.winner === null) return `The runs do not decide: ${regime.reason}.${beyond} ${loss}`;
  const probability = likely(regime.probabilities[regime.winner]);
  const found = `By the runs, ${WAYS[regime.winner]} the best way of spending with probability ${probability}`;
  if (regime.reason) return `${found}, but ${regime.reason}.${beyond} ${loss}`;
  if (regime.regime === UNDETERMINED) return `${found}; the study asks for ${likely(verdict)}.${beyond} ${loss}`;
  const other = regime.winner === answer.strategy ? "" : ", which this purchase is not";
  return `${found}${other}.${beyond}${answer.supported ? "" : ` ${loss}`}`;
}

/** What a pure way of spending would bring instead. */
function rivalWords({ nWeak, nGold, method, difference: { mean, low, high } }, titles) {
  const [word, ...ends] = mean < 0 ? ["less", -high, -low] : ["more", low, high];
  const gap = `${points(Math.abs(mean))} points ${word} (${ends.map(points).join(" to ")})`;
  return `${describePurchase(nWeak, nGold)} by ${titles[method]}: ${gap}`;
}

/** What no label at all achieves, and whether that is as good as the purchase. */
function nothingWords({ answer, group: { asked, commonerAccuracy } }) {
  const commoner = `always giving the commoner label is right on ${percent(commonerAccuracy)} %`;
  if (!asked) return [`Doing nothing: ${commoner}.`];
  const ends = [asked.low, asked.high].map((end) => percent(clip(asked.accuracy + end))).join(" to ");
  const over = `the same for every seed, so over ${count(asked.nTest)} test examples alone`;
  const found = `Doing nothing: asking without any label is right on ${percent(asked.accuracy)} % (${ends}; ${over})`;
  const { mean, low, high } = answer.asking.difference;
  const gap = `${points(mean)} points (${points(low)} to ${points(high)})`;
  const advice = mean > 0 ? [] : ["Buy nothing: asking without any label is expected to be at least as good."];
  return [...advice, `${found}, ${commoner}. The purchase against asking: ${gap}.`];
}

function showAnswer(view) {
  const { answer, gold, budget, titles } = view;
  if (!answer) {
    const text = "This budget buys nothing that was studied at these prices.";
    element("answer").replaceChildren();
    element("reasons").replaceChildren(make("p", { text }));
    return;
  }
  const { mean, low, high } = answer.accuracy;
  element("answer").replaceChildren(
    figureOf(count(answer.nWeak), "weak labels"),
    figureOf(count(answer.nGold), "gold labels"),
    figureOf(`${percent(mean)} %`, `expected accuracy (${percent(low)} to ${percent(high)})`),
    figureOf(money(answer.cost * gold), `cost, of a budget of ${money(budget)}`),
  );
  const [look, word] = answer.supported ? ["supported", "supported by the data"] : ["open", "undetermined"];
  const verdict = make("span", { className: `verdict ${look}`, text: word });
  const basis = answer.fitted
    ? "From the production function fitted to the purchases that were run."
    : "From the purchases that were run, since the production function fitted to them is not known to be good.";
  const run = answer.scaledFrom && describePurchase(answer.scaledFrom.nWeak, answer.scaledFrom.nGold);
  const scaled = run ? ` Scaled to the budget from ${run}, whose accuracy this is.` : "";
  element("reasons").replaceChildren(
    ...nothingWords(view).map((text) => make("p", { text })),
    make("p", { text: `Use them by ${titles[answer.method]}. ` }, [verdict]),
    make("p", { text: supportWords(view) }),
    ...(answer.pure.length ? [make("p", { text: "For the same budget:" })] : []),
    make("ul", {}, answer.pure.map((rival) => make("li", { text: rivalWords(rival, titles) }))),
    make("p", { className: "muted", text: basis + scaled }),
  );
}

/** What a screen reader hears after a change. */
function summary(view) {
  const { answer, frontier, weak, budget, titles } = view;
  let bought = "The budget buys nothing that was studied. ";
  if (answer) {
    const support = answer.supported ? "supported by the data" : "undetermined";
    bought =
      `Buy ${describePurchase(answer.nWeak, answer.nGold)} and use them by ${titles[answer.method]}: ` +
      `expected accuracy ${percent(answer.accuracy.mean)} %, ${support}. `;
  }
  return `Weak label ${money(weak)}, budget ${money(budget)}. ${bought}${frontier.length} purchases on the frontier.`;
}

function showNotes() {
  const { replicates, carried } = STUDY;
  const thinned =
    `This study is large: the page carries ${count(carried)} of its ${count(replicates)} replicates, so its ` +
    "probabilities are a little coarser than those in results/.";
  const always =
    "Points and regimes come from what was trained and tested, isoquants from the production functions fitted to it, " +
    `and so does the purchase where these are good. Half of the evidence chooses, the other half reports, ${count(carried)} times.`;
  element("notes").textContent = [carried < replicates ? thinned : "", always, STUDY.precision].filter(Boolean).join(" ");
}
