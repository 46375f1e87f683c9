// What to buy, and how sure that is, by the rules of elicitation.analysis.recommendation: tests compare the answers.

/** What can be bought, with its accuracies by each replicate (`draws`).
 *
 *  Where the production function of a method is good, the budget may be split in any way, and it says what to expect;
 *  else only the purchases that were run can be recommended, with the accuracy that they had. */
function optionsOf(points, methods, fits, budget, weakPrice, poolSize) {
  const found = methods.flatMap((method) => {
    const rows = points.method.flatMap((name, i) => (name === method ? [i] : []));
    const nSeeds = Math.min(...rows.map((i) => points.nSeeds[i]));
    const fit = fits.get(method);
    if (fit?.verdict === GOOD_FIT) {
      return budgetSplits(fit, budget, weakPrice, poolSize).map((purchase) => ({
        ...{ ...purchase, method, nSeeds, fitted: true, modelError: fit.modelError },
        studied: fit.studied(purchase.nWeak, purchase.nGold),
        draws: fit.predictReplicates(purchase.nWeak, purchase.nGold),
      }));
    }
    return rows.map((i) => ({
      ...{ method, nSeeds, fitted: false, modelError: 0, studied: true, accuracy: points.accuracy[i] },
      ...{ nWeak: points.nWeak[i], nGold: points.nGold[i], cost: costOf(points.nWeak[i], points.nGold[i], weakPrice) },
      draws: Float64Array.from({ length: points.replicates }, (_, r) =>
        clip(points.accuracy[i] + points.deviations[i * points.replicates + r]),
      ),
    }));
  });
  const replicates = Math.min(...found.map(({ draws }) => draws.length));
  const bought = found.filter(({ cost, nWeak, nGold }) => affords(budget, cost) && nWeak + nGold > 0);
  return bought.map((option) => ({
    ...option,
    strategy: strategyOf(option.nWeak, option.nGold),
    draws: option.draws.slice(0, replicates),
  }));
}

/** The labels to buy where this option is the best: those of a purchase that was run in the same proportion until the
 *  budget is spent, unless a more expensive one of its strategy was within the budget too. */
function scaleUp(option, alike, most, budget, poolSize) {
  const { nWeak, nGold, cost } = option;
  if (option.fitted || alike.some((other) => !affords(cost, other.cost))) return { nWeak, nGold };
  const limits = [budget / cost, poolSize / (nWeak + nGold)];
  if (nWeak) limits.push(most.nWeak / nWeak);
  if (nGold) limits.push(most.nGold / nGold);
  const factor = Math.max(1, Math.min(...limits));
  return { nWeak: wholeLabels(nWeak * factor), nGold: wholeLabels(nGold * factor) };
}

/** Mean and 95 % interval of draws, with the model's own error in quadrature. `agree`: which of the replicates make the
 *  same choice by their choosing half; all where none does. */
function scoreOf(draws, agree = [], modelError = 0) {
  const kept = agree.some(Boolean) ? draws.filter((_, r) => agree[r]) : draws;
  const [expected, centre] = [mean(kept), mean(draws)];
  const widening = Math.sqrt(2 - kept.length / draws.length);
  const [low, high] = interval(draws.map((draw) => draw - centre)).map((end) => end * widening);
  const off = Z * modelError;
  return { mean: expected, low: expected - Math.hypot(low, off), high: expected + Math.hypot(high, off) };
}

/** The purchase and method to choose, what to expect, how much worse both pure ways of spending are, and how sure all
 *  this is; null where the budget buys nothing.
 *
 *  A draw is what the accuracies may be. What lies as far on the other side of their mean chooses, the draw reports. */
function recommend(points, methods, fits, budget, weakPrice, verdict, poolSize) {
  const options = optionsOf(points, methods, fits, budget, weakPrice, poolSize);
  if (!options.length) return null;
  const likeliest = bestOf(options);
  // Which way of spending is the best is decided by the runs alone, and where they decide it they are followed: a smooth
  // function always sees some use in either label.
  const own = points.method.flatMap((method, i) => (method === likeliest.method ? [i] : []));
  const regime = regimeAt(points, own, budget, weakPrice, verdict);
  const decided = options.filter(
    ({ method, strategy }) => method === likeliest.method && REGIMES[strategy] === regime.regime,
  );
  const contenders = decided.length ? decided : options;
  const best = bestOf(contenders);
  /** For each replicate the one of `among` that chooses itself. */
  const chosenAmong = (among) =>
    Array.from(best.draws, (_, r) => {
      let first = among[0];
      for (const option of among) {
        if (2 * option.accuracy - option.draws[r] > 2 * first.accuracy - first.draws[r]) first = option;
      }
      return first;
    });
  const winners = chosenAmong(options);
  // Luck that made a method, or a purchase without a function to smooth it, look best is not counted again.
  const agree = best.fitted
    ? winners.map(({ method }) => method === best.method)
    : chosenAmong(contenders).map((option) => option === best);
  const accuracy = scoreOf(best.draws, agree, best.modelError);
  const pure = PURE.filter((strategy) => strategy !== best.strategy).flatMap((strategy) => {
    const among = options.filter((option) => option.strategy === strategy);
    if (!among.length) return [];
    const rival = bestOf(among);
    const gap = Float64Array.from(chosenAmong(among), ({ draws }, r) => draws[r] - best.draws[r]);
    return [{ ...rival, difference: scoreOf(gap, agree, Math.hypot(best.modelError, rival.modelError)) }];
  });
  const most = Float64Array.from(best.draws);
  for (const { draws } of options) draws.forEach((draw, r) => (most[r] = Math.max(most[r], draw)));
  const loss = interval(most.map((draw, r) => draw - best.draws[r]))[1];
  const mostOff = Math.max(...options.map(({ modelError }) => modelError));
  const alike = options.filter(({ method, strategy }) => method === best.method && strategy === best.strategy);
  const mostOf = (labels) => Math.max(...own.map((i) => points[labels][i]));
  const bought = scaleUp(best, alike, { nWeak: mostOf("nWeak"), nGold: mostOf("nGold") }, budget, poolSize);
  const { asked } = points;
  const ahead = asked && best.draws.map((draw, r) => draw - clip(asked.accuracy + asked.deviations[r]));
  return {
    asking: asked && { difference: scoreOf(ahead, agree, best.modelError) },
    ...{ ...best, ...bought, cost: costOf(bought.nWeak, bought.nGold, weakPrice) },
    scaledFrom: bought.nWeak + bought.nGold > best.nWeak + best.nGold ? { nWeak: best.nWeak, nGold: best.nGold } : null,
    accuracy: { ...accuracy, low: clip(accuracy.low), high: clip(accuracy.high) },
    pure,
    regime,
    lossAtMost: Math.hypot(loss, Z * best.modelError, Z * mostOff),
    supported: regime.regime === REGIMES[best.strategy] && best.studied,
  };
}
