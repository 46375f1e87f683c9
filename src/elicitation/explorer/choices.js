// What a budget can buy, and which of it is the best: the one choice that every part of the page shows.
// The rules are those of elicitation.analysis.choices, .questions and .frontier, to the letter: tests compare them.

const { MIN_GAIN, SAME_COST, SAME_SCORE, CLEARLY_CHEAPER, NEARLY, PRECISION, MANY_TEXTS, AT_RANDOM } = DATA.constants;
const { STRATEGIES, REGIMES, PLAIN, UNDETERMINED, NOTHING_BOUGHT, LABELS, LEAST_SURE, AS_MEASURED } = DATA.constants;
const [WEAK_ONLY, MIXED, GOLD_ONLY] = STRATEGIES.keys();
// More than anybody spends, in whichever unit.
const NO_LIMIT = 10n ** 80n;
// Budgets are searched in units that are finer by this factor, so that halving them many times stays exact.
const FINER = 2n ** 60n;
const PRECISION_STEPS = BigInt(PRECISION);

const strategyOf = ({ nWeak, nGold }) => (nWeak === 0 ? GOLD_ONLY : nGold === 0 ? WEAK_ONLY : MIXED);

/** Amounts of money as whole numbers of one small unit, so that sums of prices such as 0.1 are exact. */
function exact(amounts) {
  const parts = amounts.map((amount) => {
    const [digits, power = "0"] = String(amount).split("e");
    const [whole, fraction = ""] = digits.split(".");
    return { digits: BigInt(whole + fraction), power: Number(power) - fraction.length };
  });
  const lowest = Math.min(...parts.map(({ power }) => power));
  return parts.map(({ digits, power }) => digits * 10n ** BigInt(power - lowest));
}

/** On which terms labels are bought: budget and prices exactly, in the reader's money.
 *  weak: by supervisor, the price of a weak label and how many the reader has; haveGold: gold labels that are paid
 *  already; pool: how many texts can be labelled in all. */
function makeTerms({ budget, gold, weak, haveGold = 0, pool = Infinity }) {
  const sources = Object.entries(weak);
  const [exactBudget, goldPrice, ...prices] = exact([budget, gold, ...sources.map(([, { price }]) => price)]);
  const offers = sources.map(([name, { price, have }], k) => [name, { price: prices[k], ratio: price / gold, have }]);
  return { budget: exactBudget, goldPrice, weak: Object.fromEntries(offers), haveGold, pool };
}

/** The same in units that are finer by FINER. */
function inFinerUnits({ goldPrice, weak, ...terms }) {
  const finer = Object.entries(weak).map(([name, offer]) => [name, { ...offer, price: offer.price * FINER }]);
  return { ...terms, goldPrice: goldPrice * FINER, weak: Object.fromEntries(finer) };
}

/** What is left to pay, in gold labels. */
function toPay({ surface, nWeak, nGold }, { weak, haveGold }) {
  const { ratio, have } = weak[surface.supervisor];
  return Math.max(nGold - haveGold, 0) + ratio * Math.max(nWeak - have, 0);
}

/** The same exactly, in the units of the terms. */
function exactCost({ surface, nWeak, nGold }, { weak, goldPrice, haveGold }) {
  const { price, have } = weak[surface.supervisor];
  const [newWeak, newGold] = [nWeak - have, nGold - haveGold].map((n) => BigInt(Math.max(n, 0)));
  return newGold * goldPrice + newWeak * price;
}

/** How many labels the budget buys at this price, none for less than nothing; `most` where they are free. */
function room(budget, price, most) {
  if (budget < 0n) return -1;
  if (price === 0n) return most;
  const bought = budget / price;
  return bought < most ? Number(bought) : most;
}

/** How many of the other kind of label can be bought beside each number of one kind; -1 where that is too many. */
function mostBeside(lines, own, other, most, { budget, pool }) {
  return lines.map((n) => {
    const left = budget - own.price * BigInt(Math.max(0, n - own.have));
    const bought = room(left, other.price, most);
    return bought < 0 ? -1 : Math.min(most, other.have + bought, pool - n);
  });
}

/** The limits that lie between two neighbouring crossings that were studied: on which line, between which crossings,
 *  and how far from one to the next. */
function limitsOnLines(lines, limits, isStudied) {
  return limits.flatMap((limit, across) => {
    const above = lines.findIndex((n) => n > limit);
    const below = above - 1;
    if (below < 0 || limit === lines[below] || !isStudied(below, across) || !isStudied(above, across)) return [];
    const [low, high] = [Math.log1p(lines[below]), Math.log1p(lines[above])];
    return [{ limit, across, below, above, share: (Math.log1p(limit) - low) / (high - low) }];
  });
}

/** The purchases on a surface that were studied and are within the terms: the affordable crossings, and the places
 *  where the lines meet the limit of what is affordable. */
function affordable(surface, terms) {
  const { weak, gold, nodeAt, scores } = surface;
  const ofWeak = terms.weak[surface.supervisor];
  const ofGold = { price: terms.goldPrice, have: terms.haveGold };
  const mostWeak = mostBeside(gold, ofGold, ofWeak, weak.at(-1), terms);
  const mostGold = mostBeside(weak, ofWeak, ofGold, gold.at(-1), terms);
  // A weak label that costs as much as a gold one is not worth it, unless it is paid already.
  const worthIt = (nWeak) => nWeak <= ofWeak.have || ofWeak.price < terms.goldPrice;
  const isStudied = (i, j) => surface.isStudied(i, j) && worthIt(weak[i]);
  const bought = [];
  const add = (nWeak, nGold, from, to, share) => {
    if (nWeak + nGold === 0) return;
    const purchase = { surface, scores, nWeak, nGold, from, to, share };
    bought.push({ ...purchase, cost: toPay(purchase, terms), mean: meanOf(purchase) });
  };
  for (const [i, nWeak] of weak.entries()) {
    for (const [j, nGold] of gold.entries()) {
      if (nWeak <= mostWeak[j] && isStudied(i, j)) add(nWeak, nGold, nodeAt(i, j), nodeAt(i, j), 0);
    }
  }
  for (const { limit, across: j, below, above, share } of limitsOnLines(weak, mostWeak, isStudied)) {
    add(limit, gold[j], nodeAt(below, j), nodeAt(above, j), share);
  }
  for (const { limit, across: i, below, above, share } of limitsOnLines(gold, mostGold, (j, i) => isStudied(i, j))) {
    add(weak[i], limit, nodeAt(i, below), nodeAt(i, above), share);
  }
  return bought;
}

const findOptions = (surfaces, terms) => surfaces.flatMap((surface) => affordable(surface, terms));

/** That with the highest mean score, or nearly so and cheapest. */
function bestOf(options) {
  const most = options.reduce((top, { mean }) => Math.max(top, mean), -Infinity);
  const near = options.filter(({ mean }) => mean >= most - SAME_SCORE);
  return near.reduce((a, b) => (b.cost < a.cost || (b.cost === a.cost && b.mean > a.mean) ? b : a));
}

/** Whether the best of these options is expected to beat what costs nothing. */
const beats = (options, base) => Math.max(...options.map(({ mean }) => mean)) > base.mean + SAME_SCORE;

/** What costs nothing: asking, always giving the commoner label, and weak labels as they are that are free. */
const freeAt = (free, { weak }) =>
  free.filter(({ kind, supervisor }) => kind !== LABELS || weak[supervisor].price === 0n);

/** That with the highest score. */
const bestFree = (free, terms) => freeAt(free, terms).reduce((a, b) => (b.mean > a.mean ? b : a));

/** The highest score of any of these purchases, draw by draw. */
function highest(options) {
  const top = new Float64Array(DRAWS).fill(-Infinity);
  for (const { scores, from, to, share } of options) {
    const [low, high] = [from * DRAWS, to * DRAWS];
    const { draws } = scores;
    for (let r = 0; r < DRAWS; r++) {
      const draw = share ? (1 - share) * draws[low + r] + share * draws[high + r] : draws[low + r];
      if (draw > top[r]) top[r] = draw;
    }
  }
  return top;
}

/** In what share of the draws `isSo`. */
function shareOf(isSo) {
  let found = 0;
  for (let r = 0; r < DRAWS; r++) if (isSo(r)) found += 1;
  return found / DRAWS;
}

/** The share of the draws in which none of the others is ahead by more than MIN_GAIN. */
const shareAhead = (own, others) => shareOf((r) => others.every((other) => own[r] >= other[r] - MIN_GAIN));

/** The best of what the terms allow, decided where its probability reaches `verdict`.
 *
 *  `best` is null where nothing can be bought. `leading` is the strategy that is recommended, or NOTHING_BOUGHT;
 *  `regime` is its regime, or UNDETERMINED, for the `reason` where no probability says so. */
function decide({ surfaces, free }, terms, verdict) {
  const options = findOptions(surfaces, terms);
  const base = bestFree(free, terms);
  if (!options.length) {
    const none = { options, best: null, byStrategy: [], buys: false, probabilities: [], beatsFree: 0, probability: 1 };
    return { ...none, free: base, leading: NOTHING_BOUGHT, regime: NOTHING_BOUGHT, reason: "" };
  }
  const among = STRATEGIES.map((_, k) => options.filter((option) => strategyOf(option) === k));
  const tops = among.map((own) => (own.length ? highest(own) : null));
  const best = bestOf(options);
  const buys = beats(options, base);
  const [ownDraws, freeDraws] = [drawsOf(best), drawsOf(base)];
  const probabilities = tops.map((top) => top && shareAhead(top, tops.filter((other) => other && other !== top)));
  const leading = strategyOf(best);
  // No strategy competes whose weak labels cost as much as gold ones.
  const offers = surfaces.map(({ supervisor }) => terms.weak[supervisor]);
  const worthIt = offers.some(({ price, have }) => have > 0 || price < terms.goldPrice);
  const compared = worthIt ? STRATEGIES : [STRATEGIES[GOLD_ONLY]];
  const missing = compared.filter((name) => !tops[STRATEGIES.indexOf(name)]);
  const lacking = buys && missing.length ? `no purchase within these limits is ${missing.join(" or ")}` : "";
  const reason = lacking || (best.surface.fewestSeeds < 2 ? "one seed has no spread" : "");
  const probability = buys ? probabilities[leading] : shareAhead(freeDraws, tops.filter(Boolean));
  const regime = buys ? REGIMES[leading] : NOTHING_BOUGHT;
  return {
    ...{ options, best, buys, free: base, probabilities, probability, reason },
    byStrategy: among.map((own) => (own.length ? bestOf(own) : null)),
    beatsFree: shareOf((r) => ownDraws[r] > freeDraws[r]),
    leading: buys ? STRATEGIES[leading] : NOTHING_BOUGHT,
    regime: !reason && probability >= verdict ? regime : UNDETERMINED,
  };
}

/** The cheapest of these options and of what costs nothing that is clearly cheaper than a purchase, expected to be
 *  nearly as good, and perhaps as good; null where there is none. */
function cheaperThan(best, options, base, verdict) {
  const near = [...options, { ...base, nWeak: 0, nGold: 0, cost: 0 }]
    .filter(({ cost }) => cost < best.cost && cost <= CLEARLY_CHEAPER * best.cost)
    .filter(({ mean }) => mean >= best.mean - NEARLY)
    .sort((a, b) => a.cost - b.cost || b.mean - a.mean);
  const top = drawsOf(best);
  for (const one of near) {
    const asGood = shareAhead(drawsOf(one), [top]);
    if (asGood > 1 - verdict) return { ...one, asGood };
  }
  return null;
}

/** What everything costs that was studied and is not limited by money: the least and the most, in gold labels. */
function studiedCosts(options) {
  const costs = options.map(({ cost }) => cost);
  return { least: Math.min(...costs), most: Math.max(...costs) };
}

/** The lowest amount from which on a condition holds, to 1 / PRECISION; it holds at `high` and not at `low`. */
function lowest(holds, low, high) {
  while ((high - low) * PRECISION_STEPS > high) {
    const middle = (low + high) / 2n;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The budget that is just enough for a purchase that is expected to reach a score, where there is one; else what the
 *  best purchase costs. at: the best purchase within a budget, if any; costOf: its cost. */
function budgetToReach(target, at, costOf) {
  const reaches = (budget) => (at(budget)?.mean ?? -Infinity) >= target;
  const top = at(NO_LIMIT);
  if (!top) return 0n;
  if (top.mean < target) return costOf(top);
  const budget = reaches(0n) ? 0n : lowest(reaches, 0n, costOf(top));
  // What is left over is not needed, unless labels between two purchases make the difference.
  const cost = costOf(at(budget));
  return reaches(cost) ? cost : budget;
}

/** What to buy so that the expected score is at least `target`, for as little money as possible, as
 *  `elicitation recommend --score` says it. `best` is null where nothing has to be bought, or nothing can be; where no
 *  purchase is expected to reach the score it is the best one, and `reached` is false. */
function reach(target, { surfaces, free }, terms) {
  const base = bestFree(free, terms);
  const fine = inFinerUnits(terms);
  const within = (budget) => findOptions(surfaces, { ...fine, budget });
  const at = (budget) => {
    const options = within(budget);
    return options.length ? bestOf(options) : null;
  };
  const isFree = base.mean >= target;
  const budget = isFree ? 0n : budgetToReach(target, at, (best) => exactCost(best, fine));
  const options = within(budget);
  const best = options.length && beats(options, base) ? bestOf(options) : null;
  return { reached: isFree || (at(NO_LIMIT)?.mean ?? -Infinity) >= target, best };
}

/** For each draw the points on its frontier, or by their means where `scores` are (n x 1): n x draws of 0 or 1.
 *  Going from the cheapest to the most expensive, a point enters when it beats the best so far by more than MIN_GAIN
 *  and is the highest of all within SAME_COST of its cost. */
function onFrontier(costs, scores) {
  const draws = scores[0].length;
  const order = [...costs.keys()].sort((a, b) => costs[a] - costs[b] || a - b);
  const best = new Float64Array(draws).fill(-Infinity);
  const mask = scores.map(() => new Uint8Array(draws));
  for (const i of order) {
    const near = scores.filter((_, j) => Math.abs(costs[j] - costs[i]) <= SAME_COST * costs[i]);
    for (let r = 0; r < draws; r++) {
      const own = scores[i][r];
      if (own > best[r] + MIN_GAIN && near.every((other) => own >= other[r])) {
        mask[i][r] = 1;
        best[r] = own;
      }
    }
  }
  return mask;
}

/** Every purchase that was run, and what costs nothing, with its cost. */
function pointsOf({ surfaces, free }, terms) {
  const ran = surfaces.flatMap((surface) =>
    surface.at.flatMap((crossing, n) => {
      if (surface.nSeeds[n] === 0) return [];
      const [i, j] = [Math.floor(crossing / surface.gold.length), crossing % surface.gold.length];
      const purchase = { surface, nWeak: surface.weak[i], nGold: surface.gold[j], nSeeds: surface.nSeeds[n] };
      const place = { scores: surface.scores, from: n, to: n, share: 0, measured: surface.measured[n] };
      return [{ ...purchase, ...place, cost: toPay(purchase, terms) }];
    }),
  );
  const bought = { nWeak: 0, nGold: 0, cost: 0 };
  const nothing = freeAt(free, terms).map((point) => ({ ...point, ...bought }));
  return [...ran, ...nothing];
}

/** Whether each of these points is on the frontier, by their means: n x 1. */
const onFrontierByMeans = (points) =>
  onFrontier(points.map(({ cost }) => cost), points.map((point) => [meanOf(point)]));

/** The points with score and interval, the probability of being on the frontier, and whether each of them is. */
function frontierOf(market, terms) {
  const points = pointsOf(market, terms);
  const costs = points.map(({ cost }) => cost);
  const shown = onFrontierByMeans(points);
  const drawn = onFrontier(costs, points.map(drawsOf));
  return points.map((point, i) => {
    const probability = drawn[i].reduce((sum, is) => sum + is, 0) / DRAWS;
    return { ...point, ...scoreOf(point), probability, onFrontier: shown[i][0] === 1 };
  });
}
