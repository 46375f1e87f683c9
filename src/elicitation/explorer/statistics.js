// Frontier and regimes, computed again for any price and budget from the replicates that the page carries.
// The rules are those of elicitation.analysis.frontier and elicitation.analysis.regimes, to the letter: tests compare the numbers.
// Prices, costs and budgets are in gold labels throughout.

const { BINARY_ERROR, MIN_GAIN, SAME_COST, SHOWN_FROM, TAIL_SHARE } = DATA.constants;
const { STRATEGIES, PURE, REGIMES, UNDETERMINED } = DATA.constants;

const strategyOf = (nWeak, nGold) => (nWeak === 0 ? 2 : nGold === 0 ? 0 : 1);
const costOf = (nWeak, nGold, weakPrice) => nGold + weakPrice * nWeak;
/** Whether a budget is enough for a cost, which binary numbers may put a little beside the truth. */
const affords = (budget, cost) => cost <= budget + BINARY_ERROR;
/** The whole labels in an amount that was computed in binary numbers. */
const wholeLabels = (amount) => Math.floor(amount + BINARY_ERROR);
/** An amount of the reader's money in gold labels, as the nearest number that people write: 0.3 / 3 is 0.1. */
const inGoldLabels = (amount, goldPrice) => Number((amount / goldPrice).toPrecision(15));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The value of a 16-bit float (IEEE 754 binary16), given as its bits. */
function halfFloat(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new DataView(bytes.buffer);
}

/** Little-endian 16-bit floats in base64. */
function decodeHalves(base64) {
  const view = bytesOf(base64);
  return Float64Array.from({ length: view.byteLength / 2 }, (_, i) => halfFloat(view.getUint16(2 * i, true)));
}

/** Little-endian 32-bit floats in base64. */
function decodeFloats(base64) {
  const view = bytesOf(base64);
  return Float64Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** The quantile of sorted values, interpolated as numpy does by default. */
function quantile(sorted, q) {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/** Both ends of the 95 % interval. */
function interval(replicates) {
  const sorted = Float64Array.from(replicates).sort();
  return [quantile(sorted, TAIL_SHARE), quantile(sorted, 1 - TAIL_SHARE)];
}

/** For each replicate the configurations on the frontier of its choosing half: (chosen.length x replicates) of 0/1.
 *  chosen: positions in `points`; costs: theirs. Asking without labels costs nothing, so it is the first point of every
 *  frontier where it was measured. */
function onFrontier(points, chosen, costs) {
  const { accuracy, deviations, replicates, asked } = points;
  const order = chosen.map((_, i) => i).sort((a, b) => costs[a] - costs[b] || a - b);
  const mask = new Uint8Array(chosen.length * replicates);
  const best = new Float64Array(replicates).map((_, r) => (asked ? asked.accuracy - asked.deviations[r] : -Infinity));
  const score = (i, r) => accuracy[chosen[i]] - deviations[chosen[i] * replicates + r];
  for (const i of order) {
    const near = order.filter((j) => Math.abs(costs[j] - costs[i]) <= SAME_COST * costs[i]);
    for (let r = 0; r < replicates; r++) {
      const own = score(i, r);
      if (own > best[r] + MIN_GAIN && near.every((j) => own >= score(j, r))) {
        mask[i * replicates + r] = 1;
        best[r] = own;
      }
    }
  }
  return mask;
}

/** Cost, accuracy with interval, probability of being on the frontier and whether it is shown there, of each of the
 *  chosen configurations, which compete for one frontier. */
function scorePoints(points, chosen, weakPrice) {
  const { replicates, deviations } = points;
  const costs = chosen.map((i) => costOf(points.nWeak[i], points.nGold[i], weakPrice));
  const mask = onFrontier(points, chosen, costs);
  return chosen.map((i, place) => {
    const own = mask.subarray(place * replicates, (place + 1) * replicates);
    const probability = mean(own);
    const shown = probability >= SHOWN_FROM;
    let agree = 0;
    let sum = 0;
    for (let r = 0; r < replicates; r++) {
      if (Boolean(own[r]) === shown) {
        agree += 1;
        sum += deviations[i * replicates + r];
      }
    }
    const accuracy = points.accuracy[i] + sum / agree;
    const widening = Math.sqrt(2 - agree / replicates);
    return {
      index: i,
      cost: costs[place],
      weakShare: (weakPrice * points.nWeak[i]) / costs[place],
      accuracy,
      low: Math.max(accuracy + points.low[i] * widening, 0),
      high: Math.min(accuracy + points.high[i] * widening, 1),
      probability,
      onFrontier: shown,
    };
  });
}

/** The purchases within the budget, by strategy. */
function affordableByStrategy(points, chosen, budget, weakPrice) {
  const found = STRATEGIES.map(() => []);
  for (const i of chosen) {
    const [nWeak, nGold] = [points.nWeak[i], points.nGold[i]];
    if (affords(budget, costOf(nWeak, nGold, weakPrice))) found[strategyOf(nWeak, nGold)].push(i);
  }
  return found;
}

/** For each replicate the one of `among` that its choosing half finds best; of equal ones the first. */
function bestByHalf({ accuracy, deviations, replicates }, among) {
  const best = new Float64Array(replicates).fill(-Infinity);
  const chosen = new Int32Array(replicates);
  for (const i of among) {
    for (let r = 0; r < replicates; r++) {
      const score = accuracy[i] - deviations[i * replicates + r];
      if (score > best[r]) {
        best[r] = score;
        chosen[r] = i;
      }
    }
  }
  return chosen;
}

/** The accuracies of the chosen on the reporting halves. */
const reported = ({ accuracy, deviations, replicates }, chosen) =>
  Float64Array.from(chosen, (i, r) => accuracy[i] + deviations[i * replicates + r]);

/** In what share of the replicates each has the highest score; ties are shared equally. */
function sharesOfWins(scores) {
  const wins = new Float64Array(scores.length);
  for (let r = 0; r < scores[0].length; r++) {
    const best = Math.max(...scores.map((score) => score[r]));
    const ahead = scores.map((score) => score[r] === best);
    const count = ahead.filter(Boolean).length;
    ahead.forEach((leads, k) => (wins[k] += leads / count));
  }
  return Array.from(wins, (sum) => sum / scores[0].length);
}

/** What is most often chosen; of equally frequent ones that with the smallest position. */
function mostFrequent(chosen) {
  const counts = new Map();
  for (const i of chosen) counts.set(i, (counts.get(i) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a))[0];
}

/** The probability of each regime where the purchases within the budget are these, the regime that is called, and which
 *  purchase the winner would make. `found`: as `affordableByStrategy` returns it. */
function regimeOf(points, found, verdict) {
  if (found.some((purchases) => purchases.length === 0)) {
    const missing = STRATEGIES.filter((_, i) => found[i].length === 0).join(" or ");
    return { regime: UNDETERMINED, winner: null, reason: `no purchase within the budget is ${missing}` };
  }
  const chosen = found.map((among) => bestByHalf(points, among));
  const scores = chosen.map((best) => reported(points, best));
  const probabilities = sharesOfWins(scores);
  const winner = probabilities.indexOf(Math.max(...probabilities));
  const purchase = mostFrequent(chosen[winner]);
  const oneSeed = points.nSeeds[purchase] < 2;
  const decided = probabilities[winner] >= verdict && !oneSeed;
  return {
    regime: decided ? REGIMES[winner] : UNDETERMINED,
    winner,
    probabilities,
    purchase,
    scores,
    reason: oneSeed ? "one seed has no spread" : "",
  };
}

/** `regimeOf` at a price and budget, with the effect of mixing: by how much the best mixed purchase is ahead of the
 *  best pure one, with its interval. */
function regimeAt(points, chosen, budget, weakPrice, verdict) {
  const found = affordableByStrategy(points, chosen, budget, weakPrice);
  const result = regimeOf(points, found, verdict);
  if (result.winner === null) return result;
  const pure = reported(points, bestByHalf(points, [...found[0], ...found[2]]));
  const effects = result.scores[1].map((score, r) => score - pure[r]);
  const [low, high] = interval(effects);
  return { ...result, effect: mean(effects), effectLow: low, effectHigh: high };
}

/** The regimes at all prices and budgets: rows by budget, columns by price. Cells that afford the same purchases are
 *  alike, so each set of purchases is looked at once; `known`: what was found of earlier sets among these. */
function regimeMap(points, chosen, prices, budgets, verdict, known) {
  return budgets.map((budget) =>
    prices.map((price) => {
      const found = affordableByStrategy(points, chosen, budget, price);
      const key = found.join(";");
      if (!known.has(key)) {
        const { scores, ...result } = regimeOf(points, found, verdict);
        known.set(key, result);
      }
      return known.get(key);
    }),
  );
}
