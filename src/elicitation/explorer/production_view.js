// The production function: isoquants, the path of growing budgets, and how far the fit can be trusted.

// The colours of amounts from large to small; they are those of figures/style.py.
const AMOUNTS = [
  ...["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"],
];

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
  const predicted = ({ nWeak, nGold }) => `predicted ${percentText(fit.predict(nWeak, nGold))} %`;
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
  const error = fit.error === null ? "" : `, off by ${percentText(fit.error)} points on held-out budgets`;
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
      ? [`${percentText(step.accuracy)} %`, rateCell(marginalRate(fit, step.nWeak, step.nGold))]
      : ["not studied", "–"]),
  ]);
  const heads = ["Budget", "Weak labels", "Gold labels", "Predicted", "Weak labels that replace one gold label"];
  fillTable("path-table", "The best purchase as the budget grows, at these prices.", heads, [], rows);
}

const rateCell = (rate) => (rate === Infinity ? "no number" : Number.isNaN(rate) ? "–" : money(rate));
