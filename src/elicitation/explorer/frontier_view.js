// Cost and accuracy: the plot and the table of the frontier.

// The diameters of points that are never and always on the frontier, in pixels.
const POINT_SIZES = [6, 14];
// The points of neighbouring methods are moved aside by this factor, so that none hides another.
const ASIDE = 1.015;

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
    `accuracy ${percentText(point.accuracy)} % (${percentText(point.low)} to ${percentText(point.high)})`,
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
      size: shown.map((point) => POINT_SIZES[0] + (POINT_SIZES[1] - POINT_SIZES[0]) * Math.sqrt(point.probability)),
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
    const text = `<b>what to buy</b>: ${describePurchase(answer.nWeak, answer.nGold)}<br>expected ${percentText(mean)} %`;
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
    `${percentText(point.accuracy)} %`,
    `${percentText(point.low)} to ${percentText(point.high)}`,
    likely(point.probability),
    count(group.points.nSeeds[point.index]),
  ]);
  const heads = ["Cost", "Weak labels", "Gold labels", "Method", "Accuracy", "95 % interval", "Probability", "Seeds"];
  const caption = `Purchases more likely than not on the frontier: ${frontier.length} of ${scored.length}.`;
  fillTable("frontier-table", caption, heads, [heads.indexOf("Method")], rows);
}
