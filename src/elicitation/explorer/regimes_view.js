// Regimes: the map of what is recommended over prices and budgets, its key and its words.

// The stroke that marks a cell as undetermined spans this share of a cell to either side.
const STROKE = 0.45;
// What a decision says in plain words, and the colours of it, by its place here.
const WAYS = [...STRATEGIES, NOTHING_BOUGHT];
const PLAIN_WAYS = [...PLAIN, "buy nothing"];
const WAY_COLOURS = ["quantity", "mixed", "quality", "nothing"];

const wayOf = ({ leading }) => WAYS.indexOf(leading);

/** What a cell's colour says: what is recommended, and how sure, with a gap between undetermined and decided. */
function shadeOf(cell) {
  if (!cell.best) return null;
  const strength = Math.max(0, (cell.probability - 1 / 3) * 1.5);
  return wayOf(cell) + 0.999 * (cell.regime === UNDETERMINED ? 0.4 * strength : 0.75 + 0.25 * strength);
}

/** A colour scale of one band a way of spending, from nearly the card's colour to the way's own. */
function regimeScale(colours) {
  return WAY_COLOURS.flatMap((name, k) => [
    [k / WAYS.length, blend(colours[name], colours.card, 0.15)],
    [(k + (k + 1 < WAYS.length ? 0.999 : 1)) / WAYS.length, colours[name]],
  ]);
}

/** What is said where the sliders or the pointer stand: the way of spending, and how sure it is. */
function decisionWords(cell) {
  if (!cell.best) return "Nothing that was studied is affordable";
  const regime = cell.buys ? REGIMES[STRATEGIES.indexOf(cell.leading)] : cell.leading;
  // What is mixed needs no second name.
  const name = regime === cell.leading ? "" : ` (${regime})`;
  const way = `${PLAIN_WAYS[wayOf(cell)]}${name}`;
  const isShort = cell.regime === UNDETERMINED && !cell.reason;
  const probability = isShort ? shortOf(cell.probability, STUDY.verdict) : likely(cell.probability);
  const sure = `The best way of spending is to ${way}, with probability ${probability}`;
  if (cell.regime !== UNDETERMINED) return sure;
  const why = cell.reason ? `since ${cell.reason}` : `as the study asks for ${likely(STUDY.verdict)}`;
  return `${sure}; this is undetermined, ${why}`;
}

/** What every cell of the map says. */
function wordsOfCells({ cells, weak, budgets }, { titles }) {
  const bought = ({ best, buys }) =>
    buys ? `<br>${describePurchase(best)} by ${plain(titles[best.surface.method])}, ${percentText(best.mean)} %` : "";
  return cells.map((row, b) =>
    row.map(
      (cell, w) =>
        `a weak label at ${money(weak[w])}, a budget of ${money(budgets[b])}<br>${decisionWords(cell)}${bought(cell)}`,
    ),
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
  const open = ({ best, regime }) => best && regime === UNDETERMINED;
  // Every other cell each way, so that strokes stay apart.
  const marked = ([x, y]) => x % 2 === 0 && y % 2 === 0 && open(map.cells[y][x]);
  const places = map.budgets.flatMap((_, y) => map.weak.map((_, x) => [x, y])).filter(marked);
  const strokes = places.map(([x, y]) => `M${x - STROKE},${y - STROKE}L${x + STROKE},${y + STROKE}`);
  const look = { type: "path", opacity: 0.6, line: { color: colours.ink, width: 1 } };
  return strokes.length ? [{ ...look, path: strokes.join("") }] : [];
}

const drawnMap = {};

/** The map, where there is one; until its cells are computed the last one stays, paler. */
function drawMap(view, colours) {
  const { map, weak, budget } = view;
  const plot = element("map-plot");
  for (const id of ["map-plot", "map-legend", "map-save"]) element(id).hidden = !map;
  if (!map) return;
  plot.classList.toggle("stale", !isComplete(map));
  if (!isComplete(map)) return;
  const ring = ringAt(stepOf(map.weak, weak), stepOf(map.budgets, budget), colours);
  // Only the ring moves with the sliders; redrawing it alone keeps them quick.
  const drawn = { map, colours, width: plot.clientWidth, currency: state.currency };
  if (Object.keys(drawn).every((key) => drawn[key] === drawnMap[key])) {
    Plotly.relayout(plot, { shapes: [...drawnMap.strokes, ...ring] });
    return;
  }
  Object.assign(drawnMap, drawn, { strokes: strokesOver(map, colours) });
  const cells = {
    type: "heatmap",
    z: map.cells.map((row) => row.map(shadeOf)),
    zmin: 0,
    zmax: WAYS.length,
    colorscale: regimeScale(colours),
    showscale: false,
    hoverinfo: "text",
    hovertext: wordsOfCells(map, view),
    hoverongaps: true,
  };
  const axisOf = (title, stops) => {
    const shown = roundNumbers(stops[0], stops.at(-1), plot.clientWidth);
    const range = [-0.5, stops.length - 0.5];
    return axis(colours, title, { range, showgrid: false, ...ticks(shown, (value) => stepOf(stops, value)) });
  };
  const unit = state.currency ? `, in ${state.currency}` : "";
  const axes = [axisOf(`price of a weak label${unit}`, map.weak), axisOf(`budget${unit}`, map.budgets)];
  const shapes = [...drawnMap.strokes, ...ring];
  Plotly.react(plot, [cells], { ...layout(colours, ...axes, view.key), shapes }, PLOT_OPTIONS);
}

function keyOfMap() {
  const swatch = (style, className = "swatch") => make("span", { className, style });
  const key = (...parts) => make("span", { className: "key" }, parts);
  const entries = WAY_COLOURS.map((name, k) => key(swatch(`background:var(--${name})`), PLAIN_WAYS[k]));
  entries.push(key(swatch("", "swatch hatched"), "undetermined"));
  entries.push("the paler, the less sure; ring: the sliders");
  element("map-legend").replaceChildren(...entries);
}

/** What is recommended where the sliders stand, and why there is no map where there is none. */
function regimeWords(view) {
  const { decision, ownDecision, map, supervisor } = view;
  const click = "Click the map to take a price and a budget from it.";
  if (map) return `${decisionWords(ownDecision)}. ${click}${drawnWords(view)}`;
  return `${decisionWords(decision)}. The labels of ${supervisor} have one price, so there is no map over prices.`;
}
