// The production function: accuracy as a function of the labels bought. Formulas and rules are those of
// elicitation.analysis.production, to the letter: tests compare the numbers.

const { CHANCE, FINE_STEPS, GOOD_FIT, MARGIN, NUDGE, STEPS, NEAR_BEST, Z } = DATA.constants;

/** By form: of a purchase and (log1p of) those that the form was fitted to, the accuracy for given values of its
 *  parameters. */
const FORMS = {
  effective: saturating((nWeak, nGold, kappa, rho) => nGold + kappa * nWeak ** rho),
  capped: saturating((nWeak, nGold, cap, half) => nGold + (cap * nWeak) / (nWeak + half)),
  ces: saturating((nWeak, nGold, kappa, r) => ((kappa * nWeak) ** r + nGold ** r) ** (1 / r)),
  process(nWeak, nGold, places) {
    const [x, y] = [Math.log1p(nWeak), Math.log1p(nGold)];
    const apart = places.map(([weak, gold]) => [x - weak, y - gold]);
    const known = { kernels: [] };
    return ([lengthWeak, lengthGold, level, ...weights]) => {
      // Neighbours among the replicates may share their lengths: then one look at the kernels serves them.
      if (lengthWeak !== known.lengthWeak || lengthGold !== known.lengthGold) {
        const kernels = apart.map(([u, v]) => Math.exp(-((u / lengthWeak) ** 2 + (v / lengthGold) ** 2) / 2));
        Object.assign(known, { lengthWeak, lengthGold, kernels });
      }
      return known.kernels.reduce((sum, kernel, i) => sum + weights[i] * kernel, level);
    };
  },
};

/** A form whose accuracy rises from chance to `top` by a power law in `amount`, the purchase's worth in gold labels. */
function saturating(amount) {
  // Two parameters of their own at most: to gather them in a list takes time at each of thousands of calls.
  return (nWeak, nGold) => ([top, scale, beta, first, second]) =>
    top - (top - CHANCE) * (1 + amount(nWeak, nGold, first, second) / scale) ** -beta;
}

const clip = (share) => Math.min(Math.max(share, 0), 1);

/** A fit as the page's data describe it, with what can be asked of it. */
function readFit(entry) {
  const { parameters, purchases } = entry;
  const places = purchases.map((purchase) => purchase.map(Math.log1p));
  const accuracyOf = (nWeak, nGold) => FORMS[entry.form](nWeak, nGold, places);
  const all = decodeFloats(entry.replicates);
  const replicates = Array.from({ length: all.length / parameters.length }, (_, r) =>
    Array.from(all.subarray(r * parameters.length, (r + 1) * parameters.length)),
  );
  const largest = {
    nWeak: Math.max(...purchases.map(([nWeak]) => nWeak)),
    nGold: Math.max(...purchases.map(([, nGold]) => nGold)),
  };
  return {
    ...entry,
    largest,
    /** Whether both qualities were studied; else there is no substituting one for the other. */
    hasBoth: largest.nWeak > 0 && largest.nGold > 0,
    predict: (nWeak, nGold) => clip(accuracyOf(nWeak, nGold)(parameters)),
    predictReplicates(nWeak, nGold) {
      const accuracy = accuracyOf(nWeak, nGold);
      return Float64Array.from(replicates, (values) => clip(accuracy(values)));
    },
    /** Whether a purchase lies among those studied; beyond, the fit extrapolates. */
    studied(nWeak, nGold) {
      const spent = costOf(nWeak, nGold, entry.weakPrice);
      const paid = spent >= entry.cheapest * (1 - MARGIN) && spent <= entry.dearest * (1 + MARGIN);
      // Fractions of labels, as on the grid of the isoquants, count as the whole ones that they are nearest to.
      return paid && Math.round(nWeak) <= largest.nWeak && Math.round(nGold) <= largest.nGold;
    },
  };
}

/** The slope of a function of one number, at 0 to the right. */
function slope(rising, at) {
  const step = NUDGE * (1 + at);
  const [more, less] = [at + step, Math.max(at - step, 0)];
  return (rising(more) - rising(less)) / (more - less);
}

/** Marginal rate of technical substitution: weak labels that replace one gold label at the same accuracy. Infinite
 *  where weak labels add nothing, NaN where neither kind does or one was not studied. */
function marginalRate(fit, nWeak, nGold) {
  if (!fit.hasBoth) return NaN;
  const gold = Math.max(slope((amount) => fit.predict(nWeak, amount), nGold), 0);
  const weak = Math.max(slope((amount) => fit.predict(amount, nGold), nWeak), 0);
  return gold / weak;
}

/** A purchase cut to the most labels of either quality that were studied, and to what the pool holds. */
function cutToStudy({ largest }, nWeak, nGold, poolSize) {
  const gold = Math.min(nGold, largest.nGold, poolSize);
  return { nWeak: Math.min(nWeak, largest.nWeak, poolSize - gold), nGold: gold };
}

/** The purchases that a budget may be spent on, by STEPS of the share for gold labels. */
function budgetSplits(fit, budget, weakPrice, poolSize = Infinity) {
  const steps = Array.from({ length: STEPS + 1 }, (_, step) => step);
  const found = steps.map((step) => {
    const nGold = wholeLabels((step * budget) / STEPS);
    const nWeak = step < STEPS ? wholeLabels((budget - nGold) / weakPrice) : 0;
    return cutToStudy(fit, nWeak, nGold, poolSize);
  });
  const bought = found.filter(({ nWeak, nGold }) => nWeak + nGold > 0);
  return (bought.length ? bought : found.slice(0, 1)).map(({ nWeak, nGold }) => ({
    ...{ nWeak, nGold, cost: costOf(nWeak, nGold, weakPrice), accuracy: fit.predict(nWeak, nGold) },
  }));
}

/** That with the highest accuracy; of those within NEAR_BEST of it the cheapest, and of these the best. */
function bestOf(purchases) {
  const most = Math.max(...purchases.map(({ accuracy }) => accuracy));
  const near = purchases.filter(({ accuracy }) => accuracy >= most - NEAR_BEST);
  return near.reduce((a, b) => (b.cost < a.cost || (b.cost === a.cost && b.accuracy > a.accuracy) ? b : a));
}

/** The purchase with the highest expected accuracy within the budget, or nearly so and cheaper. */
const bestPurchase = (fit, budget, weakPrice, poolSize) => bestOf(budgetSplits(fit, budget, weakPrice, poolSize));

/** The purchases of highest expected accuracy as the budget grows, in fractions of labels, and whether they lie among
 *  those studied. */
function expansionPath(fit, budgets, weakPrice, poolSize = Infinity) {
  const angles = Array.from({ length: FINE_STEPS }, (_, i) => (Math.PI * i) / (FINE_STEPS - 1));
  // Close to each other at both ends, where a few labels of one kind make the difference.
  const shares = angles.map((angle) => (1 - Math.cos(angle)) / 2);
  return budgets.map((budget) => {
    let best = { accuracy: -Infinity };
    for (const share of shares) {
      const purchase = cutToStudy(fit, ((1 - share) * budget) / weakPrice, share * budget, poolSize);
      const accuracy = fit.predict(purchase.nWeak, purchase.nGold);
      if (accuracy > best.accuracy) best = { budget, accuracy, ...purchase };
    }
    return { ...best, studied: fit.studied(best.nWeak, best.nGold) };
  });
}
