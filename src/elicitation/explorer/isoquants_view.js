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

const placeOf = (n) => Math.log10(1 + n);

/** Expected scores in percent where they were studied, rows by gold labels; null elsewhere. */
const shadesOf = ({ weak, gold, scores, isStudied, nodeAt }) =>
  gold.map((_, j) => weak.map((_, i) => (isStudied(i, j) ? 100 * scores.mean[nodeAt(i, j)] : null)));

/** Whether isoquants can be drawn: both kinds of labels were studied together, in more than one amount each. */
function hasIsoquants({ weak, gold, isStudied }) {
  const isCell = (i, j) => [0, 1].every((x) => [0, 1].every((y) => isStudied(i + x, j + y)));
  return weak.some((_, i) => i + 1 < weak.length && gold.some((_, j) => j + 1 < gold.length && isCell(i, j)));
}

/** Shaded scores with isoquants at round levels. */
function contours(surface, colours) {
  const z = shadesOf(surface);
  const all = z.flat().filter((value) => value !== null);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const size = LEVEL_STEPS.find((step) => (high - low) / step <= MOST_LEVELS) ?? LEVEL_STEPS.at(-1);
  const look = { start: Math.ceil(low / size) * size, end: high, size, coloring: "heatmap", showlabels: true };
  return {
    type: "contour",
    z,
    x: surface.weak.map(placeOf),
    y: surface.gold.map(placeOf),
    contours: { ...look, labelfont: { size: 12, color: colours.ink }, labelformat: `.${size < 1 ? 1 : 0}f` },
    line: { color: colours.ink, width: 1.1, smoothing: 0.6 },
    colorscale: SHADES.map((colour, k) => [k / (SHADES.length - 1), blend(colour, colours.card, 0.4)]),
    showscale: false,
    connectgaps: false,
    hoverinfo: "skip",
  };
}

/** What spends the budget in full, as places on the plot. */
function budgetLine({ terms, budget, gold }, { weak, gold: goldLines }) {
  const { ratio, haveWeak, haveGold } = terms;
  const steps = Array.from({ length: LINE_STEPS + 1 }, (_, k) => (placeOf(weak.at(-1)) * k) / LINE_STEPS);
  return steps
    .map((place) => 10 ** place - 1)
    .map((nWeak) => ({ nWeak, nGold: haveGold + budget / gold - ratio * Math.max(nWeak - haveWeak, 0) }))
    .filter(({ nGold }) => nGold >= haveGold && nGold <= goldLines.at(-1) * 1.0001);
}

function drawIsoquants(view, colours) {
  const { focus, path, decision, gold, titles, scored, here } = view;
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
    x: purchases.map(({ nWeak }) => placeOf(nWeak)),
    y: purchases.map(({ nGold }) => placeOf(nGold)),
    hoverinfo: more.hovertext ? "text" : "skip",
    cliponaxis: false,
    ...more,
  });
  const tested = scored.filter(({ surface }) => surface === focus);
  const bought = path.filter(({ best }) => best);
  const expected = ({ mean, surface }) => `by ${plain(titles[surface.method])}, expected ${percentText(mean)} %`;
  const circle = { symbol: "circle-open", size: 7, color: colours.ink, line: { width: 1.3 } };
  const { best, buys } = decision;
  const star = buys ? best : { nWeak: 0, nGold: 0 };
  const said = buys ? `what to buy: ${describePurchase(best)}<br>${expected(best)}` : "buy nothing";
  const traces = [
    ...(hasIsoquants(focus) ? [contours(focus, colours)] : []),
    marks(budgetLine(view, focus), { mode: "lines", line: { color: colours.ink, dash: "dash", width: 1.6 } }),
    marks(tested, { marker: circle, hovertext: tested.map((point) => hoverOfPoint(view, point)) }),
    marks(bought.map((step) => step.best), {
      mode: "lines+markers",
      line: { color: colours.star, width: 2.2 },
      marker: { size: 5 },
      hovertext: bought.map((step) =>
        [`a budget of ${money(step.budget)} buys ${describePurchase(step.best)}`, expected(step.best)].join("<br>"),
      ),
    }),
    ...(best ? [starTrace(colours, [placeOf(star.nWeak)], [placeOf(star.nGold)], said, { cliponaxis: false })] : []),
  ];
  const [x, y] = [axisOf("weak labels", "weak"), axisOf("gold labels", "gold")];
  Plotly.react("isoquants-plot", traces, layout(colours, x, y, view.key), PLOT_OPTIONS);
}

/** What the isoquants are of, and what the prices say about them. */
function describeIsoquants({ focus, titles, weak, gold }) {
  const drawn = hasIsoquants(focus)
    ? `Isoquants of ${titles[focus.method]}, where it was studied`
    : `No isoquants: ${titles[focus.method]} was not studied with several amounts of both kinds of labels together`;
  const price = weak > 0 ? `a gold label costs as much as ${money(gold / weak)} weak ones` : "weak labels are free";
  element("isoquants-words").textContent = `${drawn}. At these prices ${price}.`;
}
