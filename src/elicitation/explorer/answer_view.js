// The answer: what to buy, why, and what doing nothing brings.

function figureOf(value, unit) {
  const parts = [make("span", { className: "value", text: value }), make("span", { className: "unit", text: unit })];
  return make("div", { className: "figure" }, parts);
}

const WAYS = ["weak labels alone are", "a mixture is", "gold labels alone are"];

/** Whether the runs support the way of spending, and what stands against it. */
function supportWords({ answer, verdict }) {
  const { regime, studied, lossAtMost } = answer;
  const loss = `Another choice would gain at most ${percentText(lossAtMost)} points, if the basis below holds.`;
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
  const commoner = `always giving the commoner label is right on ${percentText(commonerAccuracy)} %`;
  if (!asked) return [`Doing nothing: ${commoner}.`];
  const ends = [asked.low, asked.high].map((end) => percentText(clip(asked.accuracy + end))).join(" to ");
  const over = `the same for every seed, so over ${count(asked.nTest)} test examples alone`;
  const found = `Doing nothing: asking without any label is right on ${percentText(asked.accuracy)} % (${ends}; ${over})`;
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
    figureOf(`${percentText(mean)} %`, `expected accuracy (${percentText(low)} to ${percentText(high)})`),
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
      `expected accuracy ${percentText(answer.accuracy.mean)} %, ${support}. `;
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
