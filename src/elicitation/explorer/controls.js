// The view that the controls describe: kept in the address, computed, drawn, said.

// Preferred numbers (ISO 3, R20, rounded): 20 a decade, evenly spread on a logarithmic slider.
const SERIES = [1, 1.1, 1.25, 1.4, 1.6, 1.8, 2, 2.25, 2.5, 2.8, 3.2, 3.6, 4, 4.5, 5, 5.6, 6.3, 7, 8, 9];
// The lowest and the highest price of a weak label that the slider offers, in gold labels.
const CHEAPEST = 0.001;
const DEAREST = 1;
// Where a study has one budget only, the slider goes from it down and up by this factor.
const LONE_BUDGET = 4;
// Isoquants are drawn from a grid of so many points, and are so many percentage points apart: the smallest of these steps
// that draws at most MOST_LEVELS.
const [WEAK_STEPS, GOLD_STEPS] = [120, 60];
const LEVEL_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10];
const MOST_LEVELS = 9;
// So many milliseconds of quiet pass before the address is written, a summary said, a new size drawn, and the view of
// another task computed.
const SAVE_AFTER = 250;
const SAY_AFTER = 700;
const RESIZE_AFTER = 150;
const LOOK_AFTER = 300;
const KINDS = ["task", "supervisor", "student"];

const state = {};
let view = null;
let colours = null;
let lastUpdate = 0;

// Choices

/** Round numbers from low to high, with those of the study (`own`), which lie between, among them. */
function stopsBetween(low, high, own) {
  // Products such as 0.1 · 3, which are a little off, must not stand beside the round number.
  const found = new Set([low, high, ...own].map((value) => Number(value.toPrecision(12))));
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of SERIES) {
      const value = Number(`${step}e${power}`);
      if (value >= low && value <= high) found.add(value);
    }
  }
  return [...found].sort((a, b) => a - b);
}

const pricesOf = (supervisor) => STUDY.prices[supervisor] ?? [];
/** The price of labels that have one only, as those of one's own table do. */
const lonePrice = (supervisor) => (pricesOf(supervisor).length === 1 ? pricesOf(supervisor)[0] : null);
const weakStops = () => {
  const own = [CHEAPEST, ...pricesOf(state.supervisor), DEAREST].map((price) => price * state.gold);
  return stopsBetween(Math.min(...own), Math.max(...own), own);
};
const goldStops = () => stopsBetween(0.01, 1000, [1]);
const budgetStops = () => {
  const own = STUDY.budgets.map((budget) => budget * state.gold);
  const room = own.length > 1 ? 1 : LONE_BUDGET;
  return stopsBetween(Math.min(...own) / room, Math.max(...own) * room, own);
};

/** The position of the stop that is nearest on a logarithmic scale. */
function nearestStop(stops, value) {
  const apart = stops.map((stop) => Math.abs(Math.log(stop / value)));
  return apart.indexOf(Math.min(...apart));
}

/** The groups that fit the choices made so far: the task, then the supervisor, then the student. */
const groupsLike = (kinds) => DATA.groups.filter((group) => kinds.every((kind) => group[kind] === state[kind]));
const choicesOf = (kind) => [...new Set(groupsLike(KINDS.slice(0, KINDS.indexOf(kind))).map((group) => group[kind]))];
const methodsHere = () => [...new Set(groupsLike(KINDS)[0].points.method)];

const positive = (text) => (Number(text) > 0 && Number.isFinite(Number(text)) ? Number(text) : null);

/** The state without choices of the reader's. */
function initialState() {
  const middle = STUDY.budgets[Math.floor(STUDY.budgets.length / 2)];
  const where = { task: "", supervisor: "", student: "", methods: null, focus: "" };
  // null: what `settle` finds to be the price.
  return { ...where, weak: null, gold: 1, budget: middle, theme: "" };
}

/** What the address holds, over the initial state. */
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const start = initialState();
  const number = (name) => positive(given.get(name)) ?? start[name];
  const text = (name) => given.get(name) ?? "";
  Object.assign(state, start, {
    ...Object.fromEntries([...KINDS, "focus", "theme"].map((name) => [name, text(name)])),
    ...Object.fromEntries(["weak", "gold", "budget"].map((name) => [name, number(name)])),
    methods: given.has("method") ? given.getAll("method") : null,
  });
}

function address() {
  const given = new URLSearchParams(KINDS.map((kind) => [kind, state[kind]]));
  for (const name of ["weak", "gold", "budget", "focus", "theme"]) if (state[name] !== "") given.set(name, state[name]);
  for (const method of state.methods ?? []) given.append("method", method);
  if (state.methods?.length === 0) given.append("method", "");
  return `#${given}`;
}

/** A function that calls `act` once things have been quiet for a while. */
function afterQuiet(milliseconds, act) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };
}

// Browsers slow down pages that change their address many times a second.
const saveAddress = afterQuiet(SAVE_AFTER, () => history.replaceState(null, "", address()));
const saySummary = afterQuiet(SAY_AFTER, () => (element("summary").textContent = summary(view)));

/** Replace choices that do not exist here by the first ones that do, and find the price where none is given. */
function settle() {
  for (const kind of KINDS) {
    const options = choicesOf(kind);
    if (!options.includes(state[kind])) state[kind] = options[0];
  }
  const here = methodsHere();
  if (state.methods && here.every((method) => state.methods.includes(method))) state.methods = null;
  if (!chosenMethods().includes(state.focus)) state.focus = "";
  state.weak ??= (lonePrice(state.supervisor) ?? STUDY.weakPrice) * state.gold;
}

const chosenMethods = () => methodsHere().filter((method) => state.methods?.includes(method) ?? true);

// Computing

const remembered = new Map();

/** What `compute` returns, computed once for each key. */
function once(key, compute) {
  if (!remembered.has(key)) remembered.set(key, compute());
  return remembered.get(key);
}

/** Configurations as columns, with the deviations decoded. */
function readGroup(group) {
  const deviations = decodeHalves(group.deviations);
  const replicates = deviations.length / group.points.method.length;
  const asked = group.asked && { ...group.asked, deviations: decodeHalves(group.asked.deviations) };
  return { ...group, asked, points: { ...group.points, deviations, replicates, asked } };
}

function readFits(group) {
  const same = (entry) => KINDS.every((kind) => entry[kind] === group[kind]);
  return new Map(DATA.fits.filter(same).map((entry) => [entry.method, readFit(entry)]));
}

const between = (low, high, steps) => Array.from({ length: steps + 1 }, (_, i) => low + ((high - low) * i) / steps);

/** Predicted accuracy over all that was studied, and its isoquants at round levels. */
function surfaceOf(fit) {
  const amounts = (most, steps) => between(0, placeOf(most), steps).map((place) => 10 ** place - 1);
  const [nWeak, nGold] = [amounts(fit.largest.nWeak, WEAK_STEPS), amounts(fit.largest.nGold, GOLD_STEPS)];
  const accuracy = nGold.map((gold) => nWeak.map((weak) => 100 * fit.predict(weak, gold)));
  const shades = accuracy.map((row, g) => row.map((value, w) => (fit.studied(nWeak[w], nGold[g]) ? value : null)));
  const all = shades.flat().filter((value) => value !== null);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const step = LEVEL_STEPS.find((size) => (high - low) / size <= MOST_LEVELS) ?? LEVEL_STEPS.at(-1);
  const levels = between(0, 100, 100 / step).filter((level) => fit.hasBoth && level >= low && level <= high);
  const surface = { nWeak, nGold, accuracy, shades, low, high };
  const isoquants = levels.map((level) => isoquantOf(surface, fit, level)).filter(({ line }) => line.some(Boolean));
  return { isoquants, picture: pictureOfSurface(surface) };
}

/** The fewest gold labels that reach the level beside ever more weak ones, where that was studied; gaps are null. */
function isoquantOf({ nWeak, nGold, accuracy }, fit, level) {
  const line = [];
  for (const [w, weak] of nWeak.entries()) {
    const g = nGold.findIndex((_, row) => accuracy[row][w] >= level);
    const share = g > 0 ? (level - accuracy[g - 1][w]) / (accuracy[g][w] - accuracy[g - 1][w]) : 1;
    const place = g > 0 ? placeOf(nGold[g - 1]) + share * (placeOf(nGold[g]) - placeOf(nGold[g - 1])) : 0;
    const purchase = { nWeak: weak, nGold: 10 ** place - 1 };
    line.push(g >= 0 && fit.studied(weak, purchase.nGold) ? purchase : null);
    // From there on weak labels alone do.
    if (g === 0) break;
  }
  const drawn = line.filter(Boolean);
  return { level, line, middle: drawn[Math.floor(drawn.length / 2)] };
}

/** Where the budget is spent in full, in as many steps as make a smooth line, within what was studied. */
function budgetLine(budget, weakPrice, largest) {
  const most = Math.min(budget / weakPrice, largest.nWeak);
  return between(0, placeOf(most), 80)
    .map((place) => 10 ** place - 1)
    .map((nWeak) => ({ nWeak, nGold: Math.max(budget - weakPrice * nWeak, 0) }))
    .filter(({ nGold }) => nGold <= largest.nGold * 1.0001);
}

function compute() {
  const { gold, weak, budget } = state;
  const [weakPrice, inGold] = [inGoldLabels(weak, gold), inGoldLabels(budget, gold)];
  const key = JSON.stringify(KINDS.map((kind) => state[kind]));
  const group = once(`group ${key}`, () => readGroup(groupsLike(KINDS)[0]));
  const fits = once(`fits ${key}`, () => readFits(group));
  const methods = chosenMethods();
  const chosen = group.points.method.flatMap((method, i) => (methods.includes(method) ? [i] : []));
  const scored = scorePoints(group.points, chosen, weakPrice);
  const frontier = scored.filter((point) => point.onFrontier).sort((a, b) => a.cost - b.cost);
  const poolSize = STUDY.poolSizes[group.task] ?? Infinity;
  const verdict = STUDY.verdict;
  const answer = recommend(group.points, methods, fits, inGold, weakPrice, verdict, poolSize);
  const focus = state.focus || answer?.method || methods[0];
  const focusPoints = group.points.method.flatMap((method, i) => (method === focus ? [i] : []));
  const regime = regimeAt(group.points, focusPoints, inGold, weakPrice, verdict);
  // The map's cells are where the sliders can stand.
  const [stops, budgets] = [weakStops(), budgetStops()];
  const relative = (values) => values.map((value) => inGoldLabels(value, gold));
  const compared = once(`regimes ${key} ${focus}`, () => new Map());
  const map = once(`map ${key} ${focus} ${gold}`, () => {
    const cells = regimeMap(group.points, focusPoints, relative(stops), relative(budgets), verdict, compared);
    const drawn = { shades: cells.map((row) => row.map(shadeOf)), words: wordsOfCells(cells, stops, budgets, group) };
    return { weak: stops, budgets, cells, ...drawn };
  });
  const fit = fits.get(focus);
  const path = fit?.hasBoth ? expansionPath(fit, relative(budgets), weakPrice, poolSize) : [];
  return {
    ...state,
    ...{ key, group, titles: STUDY.titles, symbols: symbolsOf(group), methods, scored, frontier, weakPrice, answer },
    ...{ focus, focusPoints, verdict, regime, map, fit, path },
    surface: fit && once(`surface ${key} ${focus}`, () => surfaceOf(fit)),
    star: fit && (answer?.method === focus ? answer : bestPurchase(fit, inGold, weakPrice, poolSize)),
  };
}

/** Views at the present prices, budget and choice of methods, by address. */
const knownViews = new Map();

function viewHere() {
  if (!knownViews.has(address())) {
    knownViews.clear();
    knownViews.set(address(), compute());
  }
  return knownViews.get(address());
}

/** Computes the views of the other tasks, one at a time while nobody touches a control. */
const lookAhead = afterQuiet(LOOK_AFTER, () => {
  const shown = { ...state };
  try {
    for (const task of choicesOf("task")) {
      Object.assign(state, shown, { task });
      settle();
      if (knownViews.has(address()) || chosenMethods().length === 0) continue;
      knownViews.set(address(), compute());
      lookAhead();
      return;
    }
  } finally {
    Object.assign(state, shown);
  }
});

/** A plot symbol a method, in the order of the study. */
function symbolsOf(group) {
  const here = Object.keys(STUDY.titles).filter((method) => group.points.method.includes(method));
  return Object.fromEntries(here.map((method, i) => [method, SYMBOLS[i % SYMBOLS.length]]));
}
