// Where weak labels are to be used as they are, without any student.
// The rules are those of elicitation.analysis.ready_labels.

// What a score of two sources is compared with.
const OF_FIRST = " of the first alone";

/** What is recommended to train on, or what costs nothing. */
const answerOf = ({ decision: { buys, best, free } }) => (buys ? best : free);

/** How many texts get a weak label of this source where so many new ones are paid for: in all, beside the reader's own,
 *  and new ones. */
function textsLabelled(labels, paid, { pool, haveWeak, supervisor }) {
  const own = Math.min(labels.supervisor === supervisor ? (haveWeak ?? 0) : 0, pool ?? Infinity);
  const nNew = pool === null ? paid : Math.min(paid, pool - own);
  return { ...labels, nTexts: own + nNew, nNew };
}

/** How many texts the budget gives a weak label of this source. */
function readyTexts(labels, view) {
  const [money, price] = exact([view.budget, labels.price]);
  return textsLabelled(labels, Number(money / price), view);
}

/** What always giving the commoner label brings. */
const commonerOf = ({ here }) => here.free.find(({ kind }) => kind === "commoner label").mean;

/** What the best student brings, or what costs nothing. */
const beatenBy = (view) => Math.max(answerOf(view).mean, commonerOf(view));

/** The weak labels to use as they are, the better for fewer texts, the others for more; those to begin with first, as
 *  ready_labels in Python. */
function readyLabels(view) {
  const { sources, undertrained, gold, pool } = view;
  const sorted = [...sources.labels].sort((one, other) => other.mean - one.mean || one.price - other.price);
  const [best] = sorted;
  if (!undertrained || !best || best.mean <= commonerOf(view) || best.price >= gold) return [];
  const beaten = beatenBy(view);
  const found = [];
  for (const labels of sorted) {
    const { mean, price } = labels;
    if (mean <= beaten || price >= gold || price === 0) continue;
    const one = readyTexts(labels, view);
    if (one.nTexts > (found.at(-1)?.nTexts ?? 0)) found.push(one);
  }
  if (found.length && found.at(-1).nTexts === pool) found.unshift(found.pop());
  return found;
}

/** The weak labels to use as they are for the score that the reader wants: those that reach it, the cheapest first; or
 *  else the best ones, if they are better than the purchase that brings most; as goal_ready in Python. */
function labelsForTarget({ target, reaching, sources, gold, decision }) {
  const cheaper = sources.labels.filter(({ price }) => price < gold);
  const enough = [];
  for (const labels of cheaper.sort((one, other) => one.price - other.price || other.mean - one.mean)) {
    if (labels.mean >= target / 100 && labels.mean > (enough.at(-1)?.mean ?? 0)) enough.push(labels);
  }
  if (enough.length) return enough;
  const most = Math.max(reaching.best?.mean ?? 0, decision.free.mean);
  const better = cheaper.filter(({ mean }) => mean > most).sort((one, other) => other.mean - one.mean);
  return reaching.reached ? [] : better.slice(0, 1);
}

/** Two sources of which the better one labels so many of all texts, at random, and the cheaper one the others. */
function splitOf(cheaper, better, nBetter, pool) {
  const gap = differenceOf(better, cheaper);
  const gain = Object.fromEntries(Object.entries(gap).map(([end, value]) => [end, (nBetter / pool) * value]));
  const extra = nBetter * (better.price - cheaper.price);
  const cost = pool * cheaper.price + extra;
  return { cheaper, better, nBetter, nCheaper: pool - nBetter, gain, extra, cost, mean: cheaper.mean + gain.mean };
}

/** Whether two sources may share the texts, as can_share in Python. */
const canShare = ({ pool, haveWeak }) => pool !== null && !haveWeak && STUDY.measure.key !== "auroc";

/** The cheapest way of sharing all texts between two sources that reaches the score that the reader wants; null where
 *  one alone costs less; as goal_split in Python. enough: the labels that reach it alone, the cheapest first. */
function splitForTarget(enough, view) {
  const { target, sources, pool } = view;
  if (!canShare(view)) return null;
  const commoner = commonerOf(view);
  const splits = enough.flatMap((better) =>
    sources.labels
      .filter(({ mean, price }) => mean > commoner && mean < target / 100 && price < better.price)
      .map((cheaper) => {
        const nBetter = Math.ceil((pool * (target / 100 - cheaper.mean)) / (better.mean - cheaper.mean));
        return splitOf(cheaper, better, nBetter, pool);
      }),
  );
  const [best] = splits.sort((one, other) => one.cost - other.cost);
  return best && best.cost < pool * enough[0].price ? best : null;
}

/** The weak labels with which the answer begins; null where there are none. */
const leadingLabels = (view) => readyLabels(view)[0] ?? null;

/** On how many texts the money pays for labels that are used as they are; 0 where none are to be used so. */
const mostTexts = (view) => Math.max(0, ...readyLabels(view).map(({ nTexts }) => nTexts));

/** Whether labels that are used as they are suffice for all texts. */
const sufficeForAll = (view) => view.pool !== null && leadingLabels(view)?.nTexts === view.pool;

/** Where they do: the cheaper ones that no student beats either, as cheaper_for_all in Python. */
function cheaperForAll(view) {
  if (!sufficeForAll(view)) return [];
  const most = leadingLabels(view).price;
  return view.sources.labels.filter(({ mean, price }) => price > 0 && price < most && mean >= beatenBy(view));
}

/** Whether labels suffice for all texts, or for more texts than are likely to be there. */
const needsNoStudent = (view) => sufficeForAll(view) || mostTexts(view) >= MANY_TEXTS;

/** Whether a purchase is shown: not where labels suffice, or lead and no student is worth training on those shown. */
const showsPurchase = (view) => !leadingLabels(view) || (view.decision.buys && !needsNoStudent(view));

/** Weak labels without any student. */
const asTheyAre = ({ supervisor }) => `the weak labels of ${supervisor} as they are`;

/** What the price of weak labels is of: of a label, where texts without one cost nothing; as priced_words in Python. */
const pricedWords = ({ paid }) => (paid === 1 ? "text" : "label");

/** What weak labels bring as they are, and what they cost. */
function bringWords(labels) {
  const price = labels.price === 0 ? "at no cost" : `at ${money(labels.ofLabel)} a ${pricedWords(labels)}`;
  const score = `${scoring(labels.mean, true)}, ${between(scoreOf(labels))}`;
  return `they ${score}${coverageWords(labels)}, ${price}`;
}

/** Which of some texts the reader has labels of already, in brackets. */
function ownWords({ nTexts, nNew }) {
  const yours = nNew > 0 ? `${count(nTexts - nNew)} yours, ${count(nNew)} to buy` : "all yours";
  return nTexts === nNew ? "" : ` (${yours})`;
}

/** How many of the texts that there are have labels then. */
function ofAllWords(labelled, pool) {
  const share = labelled.nTexts === pool ? "all" : `${count(labelled.nTexts)} of the`;
  return `${share} ${count(pool)} texts${ownWords(labelled)}`;
}

/** For how many texts the answer is, behind its budget; nothing where that is left open; as for_texts in Python. */
const forTexts = ({ pool }) => (pool === null ? "" : ` for ${count(pool)} texts`);

/** How many texts have weak labels then: of those that there are, if that is known. */
function textsWords(labels, { pool }) {
  const { nTexts, nNew, price } = labels;
  if (pool === null) return `${count(nTexts)} texts${ownWords(labels)}`;
  const cost = nTexts === pool && nNew > 0 ? `, which cost ${moneyWords(nNew * price)}` : "";
  return `${ofAllWords(labels, pool)}${cost}`;
}

/** What weak labels of all texts cost, or of how many the budget pays for, where the answer does not begin with them;
 *  as all_texts_words in Python. */
function allTextsWords(labels, view) {
  const { pool } = view;
  const isReady = readyLabels(view).some(({ supervisor }) => supervisor === labels.supervisor);
  if (pool === null || labels.price === 0 || isReady) return "";
  const paid = readyTexts(labels, view);
  if (paid.nTexts === 0) return "";
  return costWords(paid, pool);
}

/** What labels of all texts cost, or of how many they are. */
function costWords(labelled, pool) {
  const { nTexts, nNew, price } = labelled;
  const cost = nTexts === pool && nNew > 0 ? `, ${moneyWords(nNew * price)}` : ", so";
  return `${cost} for ${ofAllWords(labelled, pool)}`;
}

/** By how much other labels are worse than the best ones, and cheaper. */
function behindWords(best, other) {
  const share = Number(((100 * other.price) / best.price).toPrecision(2));
  return `${aheadWords(differenceOf(other, best))} at ${share} % of the price`;
}

/** What cheaper labels than the first bring, as less_line in Python. */
function lessWords(first, cheaper, view) {
  const lead = isOpen(differenceOf(cheaper, first)) ? "Perhaps as good for less" : "For less";
  const bring = `${bringWords(cheaper)}${allTextsWords(cheaper, view)}`;
  return `${lead}: ${asTheyAre(cheaper)}, ${behindWords(first, cheaper)}: ${bring}.`;
}

/** What labels of another source are for: more texts for less money, or fewer and better. */
function otherWords(first, other, view) {
  const named = asTheyAre(other);
  if (other.nTexts <= first.nTexts) {
    const gap = differenceOf(other, first);
    const better = isOpen(gap) ? "Perhaps better" : "Better";
    return `${better}, but paid for ${textsWords(other, view)} only: ${named}, ${aheadWords(gap)}: ${bringWords(other)}.`;
  }
  const lead = first.mean - other.mean <= NEARLY ? "Nearly as good for less" : "For less";
  return `${lead}, so for up to ${count(other.nTexts)} texts: ${named}, ${behindWords(first, other)}: ${bringWords(other)}.`;
}

/** Two sources that share all texts, where money is left for better labels of some; as best_split in Python. */
function splitWords([first, ...others], view) {
  const { pool, budget } = view;
  if (!sufficeForAll(view) || !canShare(view)) return [];
  const splits = others.map((other) => {
    const [money, low, high] = exact([budget, first.price, other.price]);
    return splitOf(first, other, Number((money - BigInt(pool) * low) / (high - low)), pool);
  });
  const [best] = splits.filter(({ nBetter }) => nBetter > 0).sort((one, other) => other.mean - one.mean);
  if (!best) return [];
  const shares = `better ones for ${count(best.nBetter)} of the texts, at random, and the first for ${count(best.nCheaper)}`;
  return [`With both, the ${shares}: ${sharedWords(best)} ${LEAST_SURE}`];
}

/** What two sources bring that share all texts, and how much more that is than the first alone, in sentences. */
function sharedWords({ mean, cost, gain, extra }) {
  const more = `${aheadWords(gain, OF_FIRST)} for ${moneyWords(extra)} more`;
  return `they ${scoring(mean, true)}, for ${moneyWords(cost)}. That is ${more}.`;
}

/** What weak labels bring that are used for all texts, whatever the budget, and what that costs. */
function bringForAll(labels, view) {
  const { pool } = view;
  if (pool === null || labels.price === 0) return bringWords(labels);
  const all = textsLabelled(labels, pool, view);
  return `${bringWords(labels)}${costWords(all, pool)}`;
}

/** The labels that reach the score that the reader wants, in sentences: of two sources, if that is cheapest; then each
 *  for all texts. */
function readyForTarget(enough, view) {
  const both = splitForTarget(enough, view);
  const [first, ...others] = both ? [both.cheaper, ...enough] : enough;
  const ahead = (labels) => aheadWords(differenceOf(labels, first), both ? OF_FIRST : "");
  const also = others.map((labels) => `So do ${asTheyAre(labels)}, ${ahead(labels)}: ${bringForAll(labels, view)}.`);
  const use = `use ${asTheyAre(first)}`;
  if (!both) return [`${use}: ${bringForAll(first, view)}.`, ...also].join(" ");
  const texts = `for ${count(both.nCheaper)} of the ${count(view.pool)} texts`;
  const rest = `those of ${both.better.supervisor} for the other ${count(both.nBetter)}, at random`;
  const hint = splitWords(readyLabels(view), view).length ? [] : [LEAST_SURE];
  const alone = `The first alone: ${bringForAll(first, view)}.`;
  return [`${use} ${texts}, and ${rest}: ${sharedWords(both)}`, ...hint, ...also, alone].join(" ");
}

/** To label more texts than the money pays for with any of these labels. */
const forMore = (ready) => `o label more than ${count(Math.max(...ready.map(({ nTexts }) => nTexts)))} texts`;

/** On labels of which source a student was trained, where others are left out; as by_labels_of in Python. */
const byLabelsOf = ({ allCompete, sources, supervisor }) =>
  allCompete || sources.n === 1 ? "" : ` on weak labels of ${supervisor}, or on gold ones,`;

/** What to do with more texts where no student is worth training, on labels of no source. */
function noStudentWords(view, ready) {
  const { decision } = view;
  const studied = `no student that was studied${byLabelsOf(view)}`;
  if (needsNoStudent(view)) {
    const widest = ready.find(({ nTexts }) => nTexts === mostTexts(view));
    const beaten = `${studied} beats ${asTheyAre(widest)}`;
    const paid = `, and a budget of ${moneyWords(view.budget)} pays for those of ${count(widest.nTexts)} texts`;
    return [`Training a model is not worth it at this budget: ${beaten}${sufficeForAll(view) ? "" : paid}.`];
  }
  if (decision.buys) return [];
  const nothing = `${FREE_WORDS[decision.free.kind]} ${scoring(decision.free.mean, decision.free.kind === LABELS)}`;
  if (decision.free.kind !== "commoner label") {
    return [`T${forMore(ready)}: ${studied} beats what costs nothing: ${nothing}.`];
  }
  const none = decision.best ? `is better than guessing at this budget (${nothing})` : "is affordable";
  return [`${capital(studied)} ${none}; t${forMore(ready)}, you need more money or a cheaper source.`];
}

/** How many texts have no gold label yet; 0 where their number is left open. */
const missingGold = ({ pool, haveGold }) => Math.max(0, (pool ?? 0) - (haveGold ?? 0));

/** Whether the budget pays for gold labels of all texts, as gold_for_all in Python. */
function paysGoldForAll(view) {
  const [money, price] = exact([view.budget, view.gold]);
  const missing = missingGold(view);
  return missing > 0 && view.target === null && BigInt(missing) * price <= money;
}

/** The score of weak labels once so many of all texts have a gold label, as score_with_gold in Python. */
function scoreWithGold(labels, nGold, { pool }) {
  const share = nGold / pool;
  return Object.fromEntries(Object.entries(scoreOf(labels)).map(([end, value]) => [end, share + (1 - share) * value]));
}

/** Gold labels of so many of the texts that there are. */
const someGold = (nGold, nNew, { pool }) => `gold labels of ${ofAllWords({ nTexts: nGold, nNew }, pool)}`;

/** What is left of a budget that gives all texts a weak label pays for, as rest_lines in Python. */
function goldForRest(first, view) {
  const { haveGold, gold, budget } = view;
  if (!sufficeForAll(view) || paysGoldForAll(view)) return [];
  const [money, price, weak] = exact([budget, gold, first.price]);
  const spent = BigInt(first.nNew) * weak;
  const nNew = Math.min(Number((money - spent) / price), missingGold(view));
  if (nNew === 0) return [];
  const nGold = (haveGold ?? 0) + nNew;
  const left = `${moneyWords(budget - first.nNew * first.price)} are left, which pay`;
  const score = scoreWithGold(first, nGold, view);
  const then = STUDY.measure.key === "auroc" ? "" : ` Expected then: ${percentText(score.mean)} %, ${between(score)}${AT_RANDOM}.`;
  const pays = `${spent > 0n ? left : "Your budget pays"} for ${someGold(nGold, nNew, view)} in place of weak ones.`;
  return [`${pays}${then} Those of all cost ${moneyWords(missingGold(view) * gold)}.`];
}

/** How gold labels of some texts reach a score that nothing that was studied reaches, as goal_words in Python. */
function goldForTarget(view) {
  const { target, reaching, pool, gold, sources } = view;
  if (reaching.reached || pool === null || STUDY.measure.key === "auroc") return "";
  const [goal, commoner] = [target / 100, commonerOf(view)];
  const [haveGold, haveWeak] = [view.haveGold ?? 0, view.haveWeak ?? 0];
  const ways = sources.labels.filter(({ mean }) => mean > commoner && mean < goal).map((labels) => {
    const nGold = Math.ceil(Number(((pool * (goal - labels.mean)) / (1 - labels.mean)).toFixed(6)));
    const nNew = Math.max(0, nGold - haveGold);
    return { labels, nGold, nNew, cost: nNew * gold + Math.max(0, pool - nGold - haveWeak) * labels.price };
  });
  const [best] = ways.sort((one, other) => one.cost - other.cost);
  if (!best || best.cost >= missingGold(view) * gold) return "";
  const some = someGold(best.nGold, best.nNew, view);
  return ` For ${moneyWords(best.cost)} it is reached by ${some}, at random, and ${asTheyAre(best.labels)} for the others.`;
}

/** That they are to be bought, before what else can be done, as parts with their looks. */
function goldParts(view, [order, ...rest]) {
  const { pool, gold, decision } = view;
  const nNew = missingGold(view);
  const [first] = readyLabels(view);
  const bought = decision.buys ? decision.best.cost * gold : 0;
  const [cost, otherwise] = first ? [first.nNew * first.price, "Otherwise"] : [bought, "To train a student"];
  const other = cost < nNew * gold ? "For less" : otherwise;
  const right = `They are right by definition, and cost ${moneyWords(nNew * gold)}.`;
  return [
    { tag: "strong", text: `Buy gold labels of ${ofAllWords({ nTexts: pool, nNew }, pool)}` },
    { tag: "span", text: `. ${right} ${other}: ${order.text[0].toLowerCase()}${order.text.slice(1)}` },
    ...rest,
  ];
}

/** That the labels are to be used as they are, as parts with their looks. */
function readyParts(view, ready) {
  const [first, ...others] = ready;
  const texts = textsWords(first, view);
  const words = [
    `: ${bringWords(first)}, without any training.`,
    first.nNew > 0 ? `A budget of ${moneyWords(view.budget)} pays for ${texts}.` : `You have them for ${texts}.`,
    ...cheaperForAll(view).map((cheaper) => lessWords(first, cheaper, view)),
    ...others.map((other) => otherWords(first, other, view)),
    ...splitWords(ready, view),
    ...goldForRest(first, view),
    ...noStudentWords(view, ready),
  ];
  return [
    { tag: "strong", text: `Use ${asTheyAre(first)}` },
    { tag: "span", text: words.join(" ") },
  ];
}

/** What the purchase below is for, where the answer begins with labels. */
function studentTitle(view) {
  const ready = readyLabels(view);
  return ready.length && showsPurchase(view) ? `T${forMore(ready)}: train a student instead` : "";
}
