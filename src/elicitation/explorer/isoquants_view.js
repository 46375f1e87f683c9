// Isoquants: purchases with the same expected score, and the path of what to buy as the budget grows.

// The colours of scores from low to high; they are those of figures/style.py.
const SHADES = [
  ...["#fde725", "#b5de2b", "#6ece58", "#35b779", "#1f9e89", "#26828e", "#31688e", "#3e4a89", "#482878", "#440154"],
];
// Isoquants are so many percentage points apart: the smallest of these steps that draws at most MOST_LEVELS.
const LEVEL_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10];
const MOST_LEVELS = 9;
// So many purchases are drawn along the line of what the budget affords.
const LINE_STEPS = 80;
// The name of a level takes so much room on the plot, in powers of ten of labels.
const NAME_HEIGHT = 0.15;
const NAME_WIDTH = 0.4;
// The picture of the scores has so many pixels each way.
const PICTURE_SIZE = 400;

const placeOf = (n) => Math.log10(1 + n);

/** The cells between neighbouring lines whose four corners were studied: corners as places on the plot with the
 *  expected score in percent, around the cell. */
function cellsOf({ weak, gold, scores, isStudied, nodeAt }) {
  const corner = (i, j) => ({ x: placeOf(weak[i]), y: placeOf(gold[j]), score: 100 * scores.mean[nodeAt(i, j)] });
  const around = (i, j) => [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
  const cells = weak.slice(1).flatMap((_, i) => gold.slice(1).map((_, j) => around(i, j)));
  return cells
    .filter((places) => places.every(([i, j]) => isStudied(i, j)))
    .map((places) => places.map(([i, j]) => corner(i, j)));
}

/** Where the scores cross a level on the borders of a cell: the ends of one stretch of an isoquant, or of two. */
function crossings(cell, level) {
  return cell.flatMap((from, k) => {
    const to = cell[(k + 1) % cell.length];
    if (from.score < level === to.score < level) return [];
    const share = (level - from.score) / (to.score - from.score);
    return [{ x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }];
  });
}

/** The shades of a surface as a picture, with nothing where none was studied. */
function pictureOf(cells, low, high, right, top) {
  const canvas = make("canvas", { width: PICTURE_SIZE, height: PICTURE_SIZE });
  const context = canvas.getContext("2d");
  for (const cell of cells) {
    const [from, , to] = cell.map(({ x, y }) => [(x / right) * PICTURE_SIZE, (1 - y / top) * PICTURE_SIZE]);
    const place = (mean(cell.map(({ score }) => score)) - low) / (high - low || 1);
    context.fillStyle = SHADES[Math.round(place * (SHADES.length - 1))];
    // Half a pixel more, so that no seam shows between cells.
    context.fillRect(from[0], to[1], to[0] - from[0] + 0.5, from[1] - to[1] + 0.5);
  }
  return canvas.toDataURL();
}

/** Isoquants at round levels and the picture of the scores; null where too little was studied. */
function isoquantsOf(surface) {
  const cells = cellsOf(surface);
  if (!cells.length) return null;
  const all = cells.flat().map(({ score }) => score);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const step = LEVEL_STEPS.find((size) => (high - low) / size <= MOST_LEVELS) ?? LEVEL_STEPS.at(-1);
  const levels = Array.from({ length: Math.round(100 / step) + 1 }, (_, k) => k * step);
  const lines = levels
    .map((level) => ({ level, ends: cells.flatMap((cell) => crossings(cell, level)) }))
    .filter(({ ends }) => ends.length);
  const [right, top] = [surface.weak, surface.gold].map((numbers) => placeOf(numbers.at(-1)));
  return { lines, right, top, picture: pictureOf(cells, low, high, right, top) };
}

/** The places of names that do not lie on an earlier one. */
function namesApart(places) {
  const isClear = (a, b) => Math.abs(a.y - b.y) > NAME_HEIGHT || Math.abs(a.x - b.x) > NAME_WIDTH;
  const add = (kept, place) => (kept.every((other) => isClear(place, other)) ? [...kept, place] : kept);
  return places.reduce(add, []);
}

/** The isoquants with their levels, as traces. */
function isoquantTraces({ lines }, colours) {
  const stretches = lines.flatMap(({ ends }) => ends.flatMap((end, k) => (k % 2 ? [end, null] : [end])));
  const named = namesApart(lines.map(({ level, ends }) => ({ level, ...ends[2 * Math.floor(ends.length / 4)] })));
  const halo = Array(3).fill(`0 0 3px ${colours.card}`).join(", ");
  const trace = (places, more) => ({
    type: "scatter",
    x: places.map((place) => place && place.x),
    y: places.map((place) => place && place.y),
    hoverinfo: "skip",
    ...more,
  });
  const textfont = { size: 12, color: colours.ink, shadow: halo };
  const text = named.map(({ level }) => `${rounded.format(level)} %`);
  return [
    trace(stretches, { name: "isoquants", mode: "lines", line: { color: colours.ink, width: 1.1 } }),
    trace(named, { mode: "text", text, textfont, textposition: "middle right" }),
  ];
}

/** What spends the budget in full, as places on the plot. */
function budgetLine({ terms, budget, gold }, { supervisor, weak, gold: goldLines }) {
  const { haveGold } = terms;
  const { ratio, have } = terms.weak[supervisor];
  const most = Math.min(weak.at(-1), have + budget / gold / ratio);
  return Array.from({ length: LINE_STEPS + 1 }, (_, k) => 10 ** ((placeOf(most) * k) / LINE_STEPS) - 1)
    .map((nWeak) => ({ nWeak, nGold: haveGold + budget / gold - ratio * Math.max(nWeak - have, 0) }))
    .filter(({ nGold }) => nGold <= goldLines.at(-1) * 1.0001);
}

/** The purchases of a path, with gaps where the way of spending changes: what lies between is never bought. */
const withGaps = (steps) =>
  steps.flatMap(({ best }, k) => (k && strategyOf(best) !== strategyOf(steps[k - 1].best) ? [null, best] : [best]));

function drawIsoquants(view, colours) {
  const { focus, ownPath, decision, titles, scored, here, isoquants } = view;
  const most = (kind) => Math.max(...here.surfaces.map((surface) => surface[kind].at(-1)));
  const tens = (kind) => [0, ...roundNumbers(10, Math.max(most(kind), 10), 0)];
  const axisOf = (title, kind) =>
    axis(colours, title, {
      range: [-0.06, placeOf(most(kind)) * 1.04 + 0.02],
      showgrid: false,
      ...ticks(tens(kind), placeOf),
    });
  const marks = (purchases, more) => ({
    type: "scatter",
    mode: "markers",
    x: purchases.map((purchase) => purchase && placeOf(purchase.nWeak)),
    y: purchases.map((purchase) => purchase && placeOf(purchase.nGold)),
    hoverinfo: more.hovertext ? "text" : "skip",
    cliponaxis: false,
    ...more,
  });
  const tested = scored.filter(({ surface }) => surface === focus);
  const bought = ownPath.filter(({ best }) => best);
  const expected = ({ mean, surface }) => `by ${plain(titles[surface.method])}, expected ${percentText(mean)} %`;
  const labels = { mode: "markers+text", textposition: "top center", textfont: { size: 11, color: colours.muted } };
  const scores = isoquants ? {} : { ...labels, text: tested.map(({ mean }) => percentText(mean)) };
  const circle = { symbol: "circle-open", size: 7, color: colours.ink, line: { width: 1.3 } };
  const dashed = { color: colours.ink, dash: "dash", width: 1.6 };
  const hovers = tested.map((point) => hoverOfPoint(view, point));
  const { best, buys } = decision;
  const star = buys ? best : { nWeak: 0, nGold: 0 };
  const said = buys ? `what to buy: ${describePurchase(best)}<br>${expected(best)}` : "buy nothing";
  const traces = [
    ...(isoquants ? isoquantTraces(isoquants, colours) : []),
    marks(budgetLine(view, focus), { name: "your budget", mode: "lines", line: dashed }),
    marks(tested, { ...scores, name: "tested", marker: circle, hovertext: hovers }),
    marks(withGaps(bought), { name: PATH_WORDS, mode: "lines", line: { color: colours.star, width: 2.2 } }),
    marks(bought.map((step) => step.best), {
      marker: { size: 5, color: colours.star },
      hovertext: bought.map((step) =>
        [`a budget of ${money(step.budget)} buys ${describePurchase(step.best)}`, expected(step.best)].join("<br>"),
      ),
    }),
    ...(best ? [starTrace(colours, [placeOf(star.nWeak)], [placeOf(star.nGold)], said, { cliponaxis: false })] : []),
  ];
  const [x, y] = [axisOf("weak labels", "weak"), axisOf("gold labels", "gold")];
  const picture = isoquants && {
    source: isoquants.picture,
    ...{ xref: "x", yref: "y", x: 0, y: isoquants.top, sizex: isoquants.right, sizey: isoquants.top },
    ...{ sizing: "stretch", layer: "below", opacity: 0.4 },
  };
  const look = { ...layout(colours, x, y, view.key), images: picture ? [picture] : [] };
  Plotly.react("isoquants-plot", traces, look, PLOT_OPTIONS);
}

/** What the isoquants are of, and what the prices say about them. */
function describeIsoquants(view) {
  const { focus, titles, weak, gold, budget, isoquants } = view;
  const drawn = isoquants
    ? `Isoquants of ${titles[focus.method]}, where it was studied`
    : `No isoquants: ${titles[focus.method]} was not studied with several amounts of both kinds of labels together`;
  const price = weak > 0 ? `a gold label costs as much as ${amount(gold / weak)} weak ones` : "weak labels are free";
  const line = `The dashed line is your budget: purchases on it cost ${moneyWords(budget)}, those above it more`;
  element("isoquants-words").textContent = `${drawn}. ${line}. At these prices ${price}.${drawnWords(view)}`;
}
