// The answer: what to buy, why, and what doing nothing brings.

// What to do where nothing is bought.
const FREE_DEEDS = {
  asking: "ask the model as it is",
  "commoner label": "give the commoner label",
  "weak labels": "use the weak labels as they are",
};

function figureOf(value, unit) {
  const parts = [make("span", { className: "value", text: value }), make("span", { className: "unit", text: unit })];
  return make("div", { className: "figure" }, parts);
}

/** Whether the budget is above all that was studied at these prices, but for the errors of binary numbers. */
function isAbove({ budget, gold, costs, decision, pool, haveGold }) {
  // Nobody spends more than gold labels of all texts cost.
  const spendable = pool === null ? budget / gold : Math.min(budget / gold, Math.max(0, pool - haveGold));
  return decision.best && spendable > costs.most * (1 + 1e-9);
}

/** What is supported, in a word, and the look of it; nothing where no student is needed. */
function supportOf(view) {
  if (needsNoStudent(view)) return ["", ""];
  const [look, word] = supportOfPurchase(view);
  return [look, leadingLabels(view) || paysGoldForAll(view) ? `student: ${word}` : word];
}

/** The same in a sentence. */
function supportWords(view) {
  const [, word] = supportOf(view);
  return word && `${capital(word)}.`;
}

function supportOfPurchase(view) {
  if (!view.decision.best || isAbove(view)) return ["open", "beyond what was studied"];
  return view.decision.regime === UNDETERMINED ? ["open", "undetermined"] : ["supported", "supported by the data"];
}

/** Whether the budget is more or less than what was studied, and what is left of it. */
function rangeWords(view) {
  const { costs, gold, budget, decision, pool } = view;
  // Labels that are used as they are cost what the student leaves.
  const lead = leadingLabels(view);
  if (sufficeForAll(view)) return [];
  if (!costs) return [`Nothing that was studied can be bought on these terms${lead ? " to train a student" : ""}.`];
  if (!decision.best) {
    const least = `the cheapest purchase costs ${money(costs.least * gold)}.`;
    return [`This budget buys nothing that was studied: ${least}${lead ? "" : " All of it is left unspent."}`];
  }
  if (!isAbove(view)) return [];
  const left = budget - (decision.buys ? decision.best.cost * gold : 0);
  const terms = pool === null ? "at these prices" : "at these prices and on so many texts";
  const most = `the most expensive purchase that was studied costs ${money(costs.most * gold)} ${terms}`;
  return [`This budget lies beyond the study: ${most}.${lead ? "" : ` ${money(left)} are left unspent.`}`];
}

/** Of how many texts the budget pays for gold labels, where not of all, as pool_notes in Python. */
function goldOfTextsWords(view) {
  const { pool, haveGold, gold, budget, target } = view;
  const missing = missingGold(view);
  const [money, price] = exact([budget, gold]);
  const paid = Number(money / price);
  if (missing === 0 || paid === 0 || target !== null || paysGoldForAll(view) || sufficeForAll(view)) return [];
  const some = ofAllWords({ nTexts: (haveGold ?? 0) + paid, nNew: paid }, pool);
  const whole = moneyWords(missing * gold);
  return [`Your budget pays for gold labels of ${some} in place of weak ones; those of all cost ${whole}.`];
}

/** That the reader's own labels are taken for those of some of the texts, as own_texts_notes in Python. */
function ownTextsWords({ pool, haveWeak, haveGold }) {
  if (pool === null || !(haveWeak || haveGold)) return [];
  const taken = `Your own labels are taken for those of some of the ${count(pool)} texts`;
  return [`${taken}; for ${count(pool)} other ones say that you have none.`];
}

/** What no label at all achieves, and how far the purchase is ahead of it. */
function nothingWords(view) {
  const { decision, here, titles } = view;
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
    const rival = `the best, ${describeFrom(best, view)}, is expected to bring ${percentText(best.mean)} %`;
    return [`No purchase studied within this budget beats ${FREE_WORDS[free.kind]}: ${rival}.`, found];
  }
  if (needsNoStudent(view)) {
    // The answer shows no purchase.
    const student = `${describeFrom(best, view)} by ${titles[best.surface.method]}: ${percentText(best.mean)} %`;
    return [`${found} The best student for this money, for comparison: ${student}.`];
  }
  const gap = pointsText(differenceOf(best, free));
  const ahead = `Against ${FREE_WORDS[free.kind]} the purchase is expected to bring ${gap}`;
  return [`${found} ${ahead}, and is ahead with probability ${likely(beatsFree)}.`];
}

/** That nothing shows that the student can do the task, as hopeless_notes in Python. */
function hopelessWords({ here, student }) {
  if (!here.learnsNothing) return [];
  const asked = here.free.some(({ kind }) => kind === "asking") ? "neither asking it nor" : "no";
  const found = `${asked} training that was studied is clearly better than always giving the commoner label`;
  return [`Nothing shows that ${student} can do this task: ${found}. Try another question or a larger model.`];
}

// What stands for what is said of texts without a weak label where it was said already, as in Python.
const SHORT_GAPS = " (gaps as above)";

/** How right weak labels are where there are any, and what is assumed of texts without one, as gaps_words in Python. */
function coverageWords({ coverage, mean, supervisor }) {
  const given = percentText(coverage);
  if (given === percentText(1)) return "";
  const asked = !STUDY.notAsked.includes(supervisor);
  const assumed = `others, taken as ${asked ? "abstentions, count as half right" : "not asked, do not count"}`;
  if (STUDY.measure.key !== "accuracy" || coverage === 0) return ` (${given} % of the scored texts have one; ${assumed})`;
  const coin = (1 - coverage) / 2;
  const alone = asked ? `: ${percentText((mean - coin) / coverage)} %` : "";
  const byCoin = asked ? "" : `; as abstentions: ${percentText(mean * coverage + coin)} %`;
  return ` (on the ${given} % of scored texts that have one${alone}; ${assumed}${byCoin})`;
}

/** Whether the answer says of these weak labels, before its reasons, what they bring as they are. */
function isTold(labels, view) {
  const ready = readyLabels(view);
  const told = ready.length ? [...ready, ...cheaperForAll(view)] : [betterLabels(view)].filter(Boolean);
  return told.some(({ supervisor }) => supervisor === labels.supervisor);
}

/** What the weak labels are worth as they are, without training. */
function labelsWords(view) {
  const { weakLabels, decision, weak, gold, highest: most } = view;
  const words = [];
  if (weakLabels) {
    const gaps = coverageWords(weakLabels);
    const isAgain = isTold(weakLabels, view);
    const ofEach = weakLabels.paid === 1 ? "text that you label with them" : "label";
    const price = weak === 0 ? "at no cost" : `at ${money(weak)} for each ${ofEach}`;
    const right = `${scoring(weakLabels.mean, true)}${gaps && isAgain ? SHORT_GAPS : gaps}`;
    const all = isAgain ? "" : allTextsWords(priced(weakLabels, weak), view);
    words.push(`The weak labels${ofSource(view)} themselves ${right}, ${price}${all}.`);
    const answer = decision.buys ? decision.best : decision.free;
    const lead = "That is better than what is recommended here";
    if (weakLabels.mean > answer.mean && !leadingLabels(view)) {
      words.push(`${lead}: if labels are all that you need, use them as they are.`);
    }
  }
  if (weak >= gold && most) {
    words.push("A weak label that costs as much as a gold one is never worth it, so none is bought.");
  }
  return words.length ? [words.join(" ")] : [];
}

/** What another way of spending would bring instead. */
function rivalWords(rival, view) {
  const { decision, titles } = view;
  const gap = differenceOf(rival, decision.buys ? decision.best : decision.free);
  const by = `${describeFrom(rival, view)} by ${titles[rival.surface.method]}: ${percentText(rival.mean)} %`;
  return `${by}, ${pointsText(gap)}`;
}

/** The labels of a purchase that are still to be bought. */
const stillToBuy = ({ surface, nWeak, nGold }, { haveWeak, haveGold }) => ({
  surface,
  nWeak: Math.max(0, nWeak - haveWeak),
  nGold: Math.max(0, nGold - haveGold),
});

/** What to do to have a purchase, beside the labels that the reader has: as two parts, of which the first matters. */
function orderWords(purchase, view) {
  const more = stillToBuy(purchase, view);
  const method = `by ${view.titles[purchase.surface.method]}`;
  if (more.nWeak === purchase.nWeak && more.nGold === purchase.nGold) {
    return [`buy ${describeFrom(purchase, view)}`, `and use them ${method}`];
  }
  const all = describeFrom(purchase, view);
  if (more.nWeak + more.nGold === 0) return ["buy no more labels", `and use ${all} of yours ${method}`];
  return [`buy ${describeFrom(more, view)} more`, `and use ${all} in all ${method}`];
}

/** What reaches the score that the reader wants: labels as they are, and the cheapest purchase to train on. */
function targetWords(view) {
  const { target, reaching, decision } = view;
  if (target === null) return "";
  const wanted = `${rounded.format(target)} %`;
  const { reached, best } = reaching;
  const { kind } = decision.free;
  const enough = `${FREE_WORDS[kind]} ${kind === LABELS ? "are" : "is"} enough`;
  if (reached && !best) return `To reach ${wanted}, buy nothing: ${enough}.`;
  const found = labelsForTarget(view);
  const [first] = found;
  const reaches = first?.mean >= target / 100;
  const trained = trainedForTarget(view, reaches ? `${wanted} by training` : wanted);
  if (first && !reaches) {
    const nearer = `${capital(asTheyAre(first))} come nearer: ${bringForAll(first, view)}.`;
    return `${trained} ${nearer}${goldForTarget(view)}`;
  }
  if (!first) return `${trained}${goldForTarget(view)}`;
  const more = `To label more texts than your money pays labels for: ${trained[0].toLowerCase()}${trained.slice(1)}`;
  return `To reach ${wanted}, ${readyForTarget(found, view)} ${more}`;
}

/** The cheapest purchase to train on that reaches the score that is `wanted`, in a sentence. */
function trainedForTarget(view, wanted) {
  const { reached, best } = view.reaching;
  if (!best) return `No purchase that was studied is expected to reach ${wanted}.`;
  const score = `${percentText(best.mean)} %`;
  if (!reached) return `No purchase that was studied is expected to reach ${wanted}; the best one brings ${score}.`;
  const found = `${orderWords(best, view).join(" ")} for ${moneyWords(best.cost * view.gold)}`;
  return `To reach ${wanted} for as little money as possible, ${found} (expected: ${score}).`;
}

/** The best weak labels that score higher as they are than what is recommended and cost less than
 *  gold ones; null where there are none. */
function betterLabels({ sources, decision, gold }) {
  const answer = answerOf({ decision });
  const better = sources.labels.filter(({ mean, price }) => mean > answer.mean && price < gold);
  return better.length ? better.reduce((one, other) => (other.mean > one.mean ? other : one)) : null;
}

/** That weak labels are better as they are, where the answer does not begin with it. */
function betterWords(view) {
  const best = betterLabels(view);
  if (!best || leadingLabels(view)) return "";
  return `The weak labels of ${best.supervisor} score higher as they are, without training: ${bringWords(best)}${allTextsWords(best, view)}.`;
}

/** Which of several sources of weak labels brings most, and which one is shown. */
function sourcesWords(view) {
  const { sources: { n, best }, supervisor, gold } = view;
  if (n === 1 || needsNoStudent(view) || (leadingLabels(view) && !best)) return "";
  const start = leadingLabels(view) ? "To train a student, of" : "Of";
  const shown = ` Shown: weak labels of ${supervisor}.`;
  if (!best) return `No source of weak labels, of ${n}, is worth buying from at this budget.${shown}`;
  if (best.nWeak === 0) return `${start} ${n} sources of weak labels, none beats gold labels alone at this budget.${shown}`;
  const source = best.surface.supervisor;
  const price = `at ${money(priceOf(source))} a label`;
  const lead = `${start} ${n} sources of weak labels, ${source} (${price}) is expected to bring most at this budget`;
  if (source === supervisor) return `${lead}; it is shown.`;
  const bought = `${describePurchase(best)} for ${moneyWords(best.cost * gold)}`;
  return `${lead}: ${bought}, expected ${STUDY.measure.title} ${percentText(best.mean)} %.${shown}`;
}

/** The same, with a button that shows the best source where another one is shown. */
function showSources(view) {
  const { best } = view.sources;
  const words = sourcesWords(view);
  const isElsewhere = words && best?.nWeak && best.surface.supervisor !== view.supervisor;
  const button = () => make("button", { type: "button", id: "show-best", text: `Show ${best.surface.supervisor}` });
  element("sources").replaceChildren(words, ...(isElsewhere ? [" ", button()] : []));
}

/** Which weak labels of other sources would be better as they are, as left_out_notes in Python. */
function leftOutWords(view) {
  const { sources, gold, budget, target } = view;
  const leading = leadingLabels(view);
  const better = sources.leftOut.filter(
    ({ mean, price }) =>
      mean > beatenBy(view) &&
      price < gold &&
      (target !== null || price <= budget) &&
      !(leading && leading.price <= price && leading.mean >= mean),
  );
  const named = better.map((labels) => `${asTheyAre(labels)}: ${bringWords(labels)}`);
  return named.length ? ` Left out: ${named.join("; ")}.` : "";
}

/** That only one of several sources competes, as of `elicitation recommend --supervisor`, and why. */
function aloneWords(view) {
  const { sources, allCompete, supervisor, haveWeak } = view;
  if (sources.n === 1 || allCompete) return "";
  const why = haveWeak ? `since you have ${count(haveWeak)} of them` : "since you chose them";
  return `Only the weak labels of ${supervisor} compete here, ${why}.${leftOutWords(view)}`;
}

/** The same, with the way back to all sources. */
function showAlone(view) {
  const words = aloneWords(view);
  const button = () => make("button", { type: "button", id: "show-all", text: "Let all sources compete" });
  element("alone").replaceChildren(words, ...(words ? [" ", button()] : []));
}

/** What costs clearly less than what is recommended and is nearly as good. */
function cheaperWords(view) {
  const { cheaper, titles, gold } = view;
  if (!cheaper) return "";
  const { surface, cost, mean, asGood } = cheaper;
  const what = surface
    ? `${describeFrom(cheaper, view)} by ${titles[surface.method]} for ${moneyWords(cost * gold)}`
    : `${FREE_WORDS[cheaper.kind]} for nothing`;
  const behind = `at most ${rounded.format(100 * MIN_GAIN)} points behind with probability ${likely(asGood)}`;
  return ` Nearly as good for less: ${what}, expected ${percentText(mean)} %; ${behind}.`;
}

/** The answer in a few sentences, as parts with their looks. */
function leadParts(view) {
  const ready = readyLabels(view);
  const parts = ready.length ? readyParts(view, ready) : purchaseParts(view);
  return paysGoldForAll(view) ? goldParts(view, parts) : parts;
}

/** What follows the labels with which the answer begins: the student for more texts, as parts. */
const studentParts = (view) => (studentTitle(view) ? purchaseParts(view) : []);

/** What to buy, in a sentence or two. */
function purchaseParts(view) {
  const { decision, gold, costs } = view;
  const { best, buys, free } = decision;
  const strong = (text, className = "") => ({ tag: "strong", text, className });
  const say = (text) => ({ tag: "span", text });
  if (buys) {
    const [order, use] = orderWords(best, view);
    const score = scoreOf(best);
    const expected = strong(`${percentText(score.mean)} %`, "whole");
    const rest = `, ${between(score)}. Cost: ${moneyWords(best.cost * gold)}.`;
    const lead = say(` ${use}: expected ${STUDY.measure.title} `);
    return [strong(capital(order)), lead, expected, say(rest + cheaperWords(view))];
  }
  const onTerms = "Nothing that was studied can be bought on these terms";
  const none = costs ? "This budget is below the cheapest purchase that was studied" : onTerms;
  const why = best ? "No purchase studied within this budget is expected to beat that" : none;
  const interval = free.kind === "commoner label" ? "" : `, ${between(scoreOf(free))}`;
  const found = `${FREE_WORDS[free.kind]} ${scoring(free.mean, free.kind === LABELS)}${interval}`;
  return [strong("Buy nothing"), say(`: ${found}. ${why}.`)];
}

/** The whole answer in words. */
function leadWords(view) {
  const joined = (parts) => parts.map(({ text }) => text).join("");
  const title = studentTitle(view);
  return title ? `${joined(leadParts(view))} ${title}. ${joined(studentParts(view))}` : joined(leadParts(view));
}

function figuresOf(view) {
  const { decision, gold, budget, haveWeak, haveGold } = view;
  const { best, buys, free } = decision;
  if (!showsPurchase(view)) return [];
  const score = scoreOf(buys ? best : free);
  const expected = `expected ${STUDY.measure.title} (${spread(score)})`;
  const value = `${percentText(score.mean)} %`;
  const ofBudget = `cost, of a budget of ${money(budget)}`;
  if (!buys) {
    return [figureOf("Buy nothing", FREE_DEEDS[free.kind]), figureOf(value, expected), figureOf("0", ofBudget)];
  }
  const more = stillToBuy(best, view);
  const inAll = (have, n) => (have && n ? ` more, ${count(n)} in all` : "");
  return [
    figureOf(count(more.nWeak), `weak labels${inAll(haveWeak, best.nWeak)}`),
    figureOf(count(more.nGold), `gold labels${inAll(haveGold, best.nGold)}`),
    figureOf(value, expected),
    figureOf(money(best.cost * gold), ofBudget),
  ];
}

/** Which way of spending is best, and how sure that is; beside labels that are used as they are, for a student. */
function wayWords(view) {
  const words = `${decisionWords(view.decision)}.`;
  return leadingLabels(view) || paysGoldForAll(view) ? `To train a student, ${words[0].toLowerCase()}${words.slice(1)}` : words;
}

function showAnswer(view) {
  const { decision } = view;
  const { best, byStrategy, leading } = decision;
  const made = (parts) => parts.map(({ tag, ...look }) => make(tag, look));
  element("lead").replaceChildren(...made(leadParts(view)));
  element("student-title").textContent = studentTitle(view);
  element("student-answer").replaceChildren(...made(studentParts(view)));
  showSources(view);
  showAlone(view);
  element("better").textContent = betterWords(view);
  element("goal").textContent = targetWords(view);
  element("answer").replaceChildren(...figuresOf(view));
  const [look, word] = supportOf(view);
  element("verdict").className = `verdict ${look}`;
  element("verdict").textContent = word;
  const rivals = byStrategy.filter((rival, k) => rival && STRATEGIES[k] !== leading);
  const words = [
    ...goldOfTextsWords(view),
    ...ownTextsWords(view),
    ...rangeWords(view),
    ...(best && !needsNoStudent(view) ? [wayWords(view)] : []),
    ...nothingWords(view),
    ...hopelessWords(view),
    ...labelsWords(view),
    ...partsWords(view),
  ];
  element("reasons").replaceChildren(
    ...words.map((text) => make("p", { text })),
    ...(rivals.length ? [make("p", { text: "Within the same budget:" })] : []),
    ...(rivals.length ? [make("ul", {}, rivals.map((rival) => make("li", { text: rivalWords(rival, view) })))] : []),
  );
}

/** On which terms the answer holds. */
const termsWords = (view) => `Weak label ${money(view.weak)}, budget ${money(view.budget)}${forTexts(view)}.`;

/** What a screen reader hears after a change. */
function summary(view) {
  const answer = [leadWords(view), sourcesWords(view), aloneWords(view), supportWords(view)];
  return [termsWords(view), ...answer, ...rangeWords(view), betterWords(view), targetWords(view)].filter(Boolean).join(" ");
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
