// The answer: what to buy, why, and what doing nothing brings.

function figureOf(value, unit) {
  const parts = [make("span", { className: "value", text: value }), make("span", { className: "unit", text: unit })];
  return make("div", { className: "figure" }, parts);
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** Whether the budget is above all that was studied at these prices, but for the errors of binary numbers. */
const isAbove = ({ budget, gold, costs, decision }) => decision.best && budget / gold > costs.most * (1 + 1e-9);

/** What is supported, in a word, and the look of it. */
function supportOf(view) {
  if (!view.decision.best || isAbove(view)) return ["open", "beyond what was studied"];
  return view.decision.regime === UNDETERMINED ? ["open", "undetermined"] : ["supported", "supported by the data"];
}

/** Whether the budget is more or less than what was studied, and what is left of it. */
function rangeWords(view) {
  const { costs, gold, budget, decision, pool } = view;
  if (!costs) return ["Nothing that was studied can be bought on these terms."];
  if (!decision.best) {
    const least = `the cheapest purchase costs ${money(costs.least * gold)}`;
    return [`This budget buys nothing that was studied: ${least}. All of it is left unspent.`];
  }
  if (!isAbove(view)) return [];
  const left = budget - (decision.buys ? decision.best.cost * gold : 0);
  const terms = pool === null ? "at these prices" : "at these prices and on so many texts";
  const most = `the most expensive purchase that was studied costs ${money(costs.most * gold)} ${terms}`;
  return [`This budget lies beyond the study: ${most}. ${money(left)} are left unspent.`];
}

/** What no label at all achieves, and how far the purchase is ahead of it. */
function nothingWords({ decision, here }) {
  const { best, buys, free, beatsFree } = decision;
  const nothing = here.free
    .filter(({ kind }) => kind !== LABELS)
    .map((point) => {
      const interval = point.kind === "asking" ? ` (${spread(scoreOf(point))})` : "";
      return `${FREE_WORDS[point.kind]} ${scoring(point.mean)}${interval}`;
    })
    .join(", ");
  const found = `${capital(nothing)}.`;
  if (!best) return [found];
  if (!buys) {
    const rival = `the best, ${describePurchase(best)}, is expected to bring ${percentText(best.mean)} %`;
    return [`No purchase studied within this budget beats ${FREE_WORDS[free.kind]}: ${rival}.`, found];
  }
  const gap = differenceOf(best, free);
  const ahead = `The purchase is expected to bring ${points(gap.mean)} points more (${spread(gap, points)})`;
  return [`${found} ${ahead}, and is ahead with probability ${likely(beatsFree)}.`];
}

/** What the weak labels are worth as they are, without training. */
function labelsWords({ weakLabels, decision, weak, gold, highest: most }) {
  const words = [];
  if (weakLabels) {
    const price = weak === 0 ? "at no cost" : `at ${money(weak)} for each text that you label with them`;
    words.push(`The weak labels themselves ${scoring(weakLabels.mean, true)}, ${price}.`);
    const answer = decision.buys ? decision.best : decision.free;
    const lead = "That is better than what is recommended here";
    if (weakLabels.mean > answer.mean) words.push(`${lead}: if labels are all that you need, use them as they are.`);
  }
  if (weak >= gold && most) {
    words.push("A weak label that costs as much as a gold one is never worth it, so none is bought.");
  }
  return words.length ? [words.join(" ")] : [];
}

/** What another way of spending would bring instead. */
function rivalWords(rival, { decision, titles }) {
  const gap = differenceOf(rival, decision.buys ? decision.best : decision.free);
  const [word, shown] = gap.mean < 0 ? ["less", { low: -gap.high, high: -gap.low }] : ["more", gap];
  const by = `${describePurchase(rival)} by ${titles[rival.surface.method]}: ${percentText(rival.mean)} %`;
  return `${by}, ${points(Math.abs(gap.mean))} points ${word} (${spread(shown, points)})`;
}

/** The cheapest purchase that reaches the score that the reader wants. */
function targetWords({ target, reaching, decision, highest: most, titles, gold }) {
  if (target === null) return [];
  const wanted = `${rounded.format(target)} %`;
  const { free } = decision;
  if (100 * free.mean >= target) return [`To reach ${wanted} no label is needed: ${FREE_WORDS[free.kind]} is enough.`];
  if (reaching) {
    const purchase = `${describePurchase(reaching)} by ${titles[reaching.surface.method]}`;
    const score = `${percentText(reaching.mean)} % (${spread(scoreOf(reaching))})`;
    const found = `${purchase}, ${score}, for ${money(reaching.cost * gold)}`;
    return [`The cheapest purchase that is expected to reach ${wanted}: ${found}.`];
  }
  const best = most ? `; the best that was studied, ${describePurchase(most)}, brings ${percentText(most.mean)} %` : "";
  return [`No purchase that was studied is expected to reach ${wanted}${best}.`];
}

function figuresOf({ decision, gold, budget }) {
  const { best, buys, free } = decision;
  const score = scoreOf(buys ? best : free);
  const expected = `expected ${STUDY.measure.title} (${spread(score)})`;
  const value = `${percentText(score.mean)} %`;
  const ofBudget = `cost, of a budget of ${money(budget)}`;
  if (!buys) {
    const means = free.kind === "asking" ? "ask the model as it is" : "give the commoner label";
    return [figureOf("Buy nothing", means), figureOf(value, expected), figureOf("0", ofBudget)];
  }
  return [
    figureOf(count(best.nWeak), "weak labels"),
    figureOf(count(best.nGold), "gold labels"),
    figureOf(value, expected),
    figureOf(money(best.cost * gold), ofBudget),
  ];
}

function showAnswer(view) {
  const { decision, titles, haveWeak, haveGold } = view;
  const { best, buys, byStrategy, leading } = decision;
  element("answer").replaceChildren(...figuresOf(view));
  const [look, word] = supportOf(view);
  const verdict = make("span", { className: `verdict ${look}`, text: word });
  const paid = haveWeak || haveGold ? " Labels that you have count among them and cost nothing." : "";
  const use = buys ? `Use them by ${titles[best.surface.method]}.${paid} ` : "";
  const rivals = byStrategy.filter((rival, k) => rival && STRATEGIES[k] !== leading);
  const words = [
    ...rangeWords(view),
    ...(best ? [`${capital(decisionWords(decision))}.`] : []),
    ...nothingWords(view),
    ...labelsWords(view),
    ...targetWords(view),
  ];
  element("reasons").replaceChildren(
    make("p", { text: use }, [verdict]),
    ...words.map((text) => make("p", { text })),
    ...(rivals.length ? [make("p", { text: "Within the same budget:" })] : []),
    make("ul", {}, rivals.map((rival) => make("li", { text: rivalWords(rival, view) }))),
  );
}

/** What a screen reader hears after a change. */
function summary(view) {
  const { decision, weak, budget, titles } = view;
  const { best, buys, free } = decision;
  const score = (point) => `expected ${STUDY.measure.title} ${percentText(point.mean)} %`;
  const terms = `Weak label ${money(weak)}, budget ${money(budget)}.`;
  const bought = buys
    ? `Buy ${describePurchase(best)} and use them by ${titles[best.surface.method]}: ${score(best)}`
    : `Buy nothing: ${score(free)} by ${FREE_WORDS[free.kind]}`;
  return [terms, `${bought}, ${supportOf(view)[1]}.`, ...rangeWords(view), ...targetWords(view)].join(" ");
}

function showNotes() {
  const always =
    "Everything comes from one posterior over scores, fitted to what was trained and tested: what a purchase that was " +
    `run is expected to bring, and what lies between them. Probabilities are shares of ${count(DRAWS)} draws from it.`;
  const short =
    "This study is large: the page carries the spread of its scores in two bytes a number, so its probabilities may " +
    "differ from those in results/ by a draw or two.";
  const parts = [always, DATA.factors.kind === "i2" ? short : "", STUDY.precision];
  element("notes").textContent = parts.filter(Boolean).join(" ");
}
