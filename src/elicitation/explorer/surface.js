// The posterior as the page carries it: scores at crossings of lines of weak and of gold labels, and between them.
// The rules are those of elicitation.analysis.posterior, to the letter: tests compare the numbers.

const { DRAWS, Z } = DATA.constants;

const clip = (share) => Math.min(Math.max(share, 0), 1);

/** Numbers in base64, little-endian, as nearly all machines hold them: 32-bit floats, or whole numbers of 16 bits. */
function decode(base64, kind) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return Float64Array.from(kind === "f4" ? new Float32Array(bytes.buffer) : new Int16Array(bytes.buffer));
}

const decodeFactors = (base64) => decode(base64, DATA.factors.kind).map((value) => value * DATA.factors.unit);

let standardDraws = null;

/** Draws from the posterior of the scores with these means (n) and factors (n x rank): n x DRAWS. */
function drawScores(means, factors, rank) {
  standardDraws ??= decode(DATA.draws, "f4");
  const draws = new Float64Array(means.length * DRAWS);
  for (const [n, mean] of means.entries()) {
    const own = draws.subarray(n * DRAWS, (n + 1) * DRAWS).fill(mean);
    for (let k = 0; k < rank; k++) {
      const factor = factors[n * rank + k];
      const normal = standardDraws.subarray(k * DRAWS, (k + 1) * DRAWS);
      for (let r = 0; r < DRAWS; r++) own[r] += factor * normal[r];
    }
  }
  return draws;
}

/** A function that computes a value when it is first asked for it. */
function lazy(compute) {
  let value;
  return () => (value ??= compute());
}

/** Scores that are jointly normal, with their draws; of sources that are only compared the means are enough. */
function readScores(mean, base64, rank) {
  const factors = lazy(() => decodeFactors(base64));
  const draws = lazy(() => drawScores(mean, factors(), rank));
  return {
    ...{ mean, rank },
    get factors() {
      return factors();
    },
    get draws() {
      return draws();
    },
  };
}

/** A surface as the page's data describe it; `node` says which of its scores a crossing has, or -1. */
function readSurface(entry, rank) {
  const { weak, gold, at } = entry;
  const node = new Int32Array(weak.length * gold.length).fill(-1);
  at.forEach((crossing, n) => (node[crossing] = n));
  const seeds = entry.nSeeds.filter((n) => n > 0);
  const nodeAt = (i, j) => node[i * gold.length + j];
  return {
    ...entry,
    nodeAt,
    scores: readScores(entry.mean, entry.factors, rank),
    fewestSeeds: Math.min(...seeds),
    isStudied: (i, j) => nodeAt(i, j) >= 0 && entry.studied[nodeAt(i, j)] === 1,
  };
}

/** What needs no label to train on, as a point with a score. */
function readFree(entry, rank) {
  const scores = readScores([entry.mean], entry.factors, rank);
  return { ...entry, scores, from: 0, to: 0, share: 0 };
}

// A point has a score: that of the crossing `from` of its scores, or what lies between it and the crossing `to`, by
// `share` of the way on a logarithmic scale of labels.

const meanOf = ({ scores: { mean }, from, to, share }) =>
  share ? (1 - share) * mean[from] + share * mean[to] : mean[from];

/** The draws of a point. */
function drawsOf({ scores: { draws }, from, to, share }) {
  const low = draws.subarray(from * DRAWS, (from + 1) * DRAWS);
  if (!share) return low;
  const high = draws.subarray(to * DRAWS, (to + 1) * DRAWS);
  return low.map((draw, r) => (1 - share) * draw + share * high[r]);
}

function factorsOf({ scores: { factors, rank }, from, to, share }) {
  const of = (n) => factors.subarray(n * rank, (n + 1) * rank);
  const high = of(to);
  return of(from).map((factor, k) => (1 - share) * factor + share * high[k]);
}

const sizeOf = (factors) => Math.sqrt(factors.reduce((sum, factor) => sum + factor ** 2, 0));

/** The mean of a point's score and its 95 % interval: that of its own, if it has one. */
function scoreOf(point) {
  const [mean, off] = [meanOf(point), Z * sizeOf(factorsOf(point))];
  if (point.ends) return { mean, low: point.ends[0], high: point.ends[1] };
  return { mean, low: clip(mean - off), high: clip(mean + off) };
}

/** By how much one point's score is higher than another's, which may be on another surface of the same block. */
function differenceOf(point, other) {
  const mean = meanOf(point) - meanOf(other);
  const theirs = factorsOf(other);
  const off = Z * sizeOf(factorsOf(point).map((factor, k) => factor - theirs[k]));
  return { mean, low: mean - off, high: mean + off };
}
