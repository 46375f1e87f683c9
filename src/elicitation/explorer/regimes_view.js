// Regimes: the map of prices and budgets, its key and its words.

// The stroke that marks a cell as undetermined spans this share of a cell to either side.
const STROKE = 0.45;

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
