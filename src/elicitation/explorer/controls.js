// The view that the controls describe: kept in the address, computed, drawn, said.

// Preferred numbers (ISO 3, R20, rounded): 20 a decade, evenly spread on a logarithmic slider.
const SERIES = [1, 1.1, 1.25, 1.4, 1.6, 1.8, 2, 2.25, 2.5, 2.8, 3.2, 3.6, 4, 4.5, 5, 5.6, 6.3, 7, 8, 9];
// The lowest and the highest price of a weak label that the slider offers, in gold labels.
const CHEAPEST = 0.001;
const DEAREST = 1;
// Where a study has one budget only, the slider goes from it down and up by this factor.
const LONE_BUDGET = 4;
// So many milliseconds of quiet pass before the address is written, a summary said, a new size drawn, and the map
// computed, which takes SLICE milliseconds at a time so that the page stays quick.
const SAVE_AFTER = 250;
const SAY_AFTER = 700;
const RESIZE_AFTER = 150;
const MAP_AFTER = 100;
const SLICE = 30;
const KINDS = ["task", "supervisor", "student"];
// A reader's currency has so many letters at most.
const CURRENCY_LETTERS = 6;
// What a reader may say, or leave open.
const OPEN = ["haveWeak", "haveGold", "pool", "target"];

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
/** Whether amounts are in the study's own currency, in which its prices stay when gold labels cost another price. */
const isInStudysMoney = () => STUDY.currency !== "" && state.currency === STUDY.currency;
/** What the study's prices are multiplied by. */
const priceUnit = () => (isInStudysMoney() ? STUDY.goldPrice : state.gold);
/** The price of a supervisor's labels: the reader's own, or that at which they are looked at first. */
const knownPrice = (supervisor, prices = state.prices) =>
  prices[supervisor] ?? composedPrice(supervisor, prices) ?? openingPrice(supervisor);
/** The price of labels that are composed from others, where the reader has one for any of these; as price_of in Python. */
function composedPrice(supervisor, prices) {
  const parts = Object.entries(STUDY.parts[supervisor] ?? {});
  const isNamed = (name) => name in prices || Object.keys(STUDY.parts[name] ?? {}).some(isNamed);
  if (!parts.some(([part]) => isNamed(part))) return null;
  const price = parts.reduce((sum, [part, n]) => sum + n * knownPrice(part, prices), 0);
  return Number(price.toPrecision(12));
}
/** The price at which a supervisor's labels are looked at first. */
const openingPrice = (supervisor) =>
  // As of the stops: products of money may be a little off.
  Number(((lonePrice(supervisor) ?? STUDY.weakPrice) * priceUnit()).toPrecision(12));
/** Whether labels of one supervisor keep the price of another's as the reader set it: neither has one of its own. */
const sharePrice = (one, other) => [one, other].every((supervisor) => lonePrice(supervisor) === null);
/** What a supervisor's labels cost: the reader's price of those shown, and of all that have none of their own. */
const priceOf = (supervisor, given = state) =>
  supervisor === given.supervisor || sharePrice(supervisor, given.supervisor)
    ? given.weak
    : knownPrice(supervisor, given.prices);
/** The prices of the map. */
const mapStops = () => {
  const own = pricesOf(state.supervisor).map((price) => price * priceUnit());
  const paid = [CHEAPEST * state.gold, ...own, DEAREST * state.gold].filter((price) => price > 0);
  return stopsBetween(Math.min(...paid), Math.max(...paid), paid);
};
/** Those of the slider: weak labels may be free. */
const weakStops = () => [0, ...mapStops()];
const goldStops = () => stopsBetween(Math.min(0.01, STUDY.goldPrice), Math.max(1000, STUDY.goldPrice), [STUDY.goldPrice]);
const budgetStops = () => {
  const own = STUDY.budgets.map((budget) => budget * state.gold);
  if (STUDY.ownBudget !== null) own.push(STUDY.ownBudget);
  const room = own.length > 1 ? 1 : LONE_BUDGET;
  return stopsBetween(Math.min(...own) / room, Math.max(...own) * room, own);
};

/** The position of the stop that is nearest on a logarithmic scale. */
function nearestStop(stops, value) {
  const apart = stops.map((stop) => (stop === value ? 0 : Math.abs(Math.log(stop / value))));
  return apart.indexOf(Math.min(...apart));
}

/** A group for each surface of each block: a task, supervisor, student and method. */
const GROUPS = DATA.blocks.flatMap((block) =>
  block.surfaces.map(({ supervisor, method }) => ({ task: block.task, supervisor, student: block.student, method })),
);
/** The groups that fit the choices made so far: the task, then the supervisor, then the student. */
const groupsLike = (kinds) => GROUPS.filter((group) => kinds.every((kind) => group[kind] === state[kind]));
const choicesOf = (kind) => [...new Set(groupsLike(KINDS.slice(0, KINDS.indexOf(kind))).map((group) => group[kind]))];
const methodsHere = () => groupsLike(KINDS).map(({ method }) => method);

/** The smallest value of each number of the state. Weak labels may be free. */
const LEAST = { weak: 0, gold: 1e-6, budget: 1e-6, haveWeak: 0, haveGold: 0, pool: 1, target: 0 };
const WHOLE = ["haveWeak", "haveGold", "pool"];

/** The number that a text says, if it may be the state's number of this name; else null. */
function numberOf(name, text) {
  const value = Number(text);
  if (!text?.trim() || !Number.isFinite(value) || value < LEAST[name]) return null;
  return WHOLE.includes(name) ? Math.floor(value) : value;
}

/** The currency that a text names: a sign or a short name, which no page reads as markup. */
const currencyOf = (text) => text.replaceAll(/[^\p{L}\p{Sc}]/gu, "").slice(0, CURRENCY_LETTERS);

/** The state without choices of the reader's. */
function initialState() {
  const where = { task: "", supervisor: "", isChosen: false, student: "", methods: null, focus: "" };
  const open = { ...Object.fromEntries(OPEN.map((name) => [name, null])), pool: STUDY.textsToLabel };
  // null: what `settle` finds to be the price.
  const budget = STUDY.ownBudget ?? Number((STUDY.budgets.at(-1) * STUDY.goldPrice).toPrecision(12));
  // prices: the reader's, by source where each has its own; shown: the source whose price the reader changed last.
  return { ...where, prices: {}, shown: "", weak: null, gold: STUDY.goldPrice, budget, ...open, currency: STUDY.currency, theme: "" };
}

/** What an address holds, over the initial state. */
function readAddress({ hash }) {
  const given = new URLSearchParams(hash.slice(1));
  const start = initialState();
  // Empty is what the reader left open, though the study says it.
  const isOpen = (name) => OPEN.includes(name) && given.get(name) === "";
  const number = (name) => numberOf(name, given.get(name)) ?? (isOpen(name) ? null : start[name]);
  const text = (name) => given.get(name) ?? "";
  const prices = given.getAll("price").map((entry) => [entry.slice(0, entry.lastIndexOf("=")), entry.split("=").at(-1)]);
  const known = prices.map(([name, price]) => [name, numberOf("weak", price)]).filter(([, price]) => price !== null);
  Object.assign(state, start, {
    prices: Object.fromEntries(known),
    ...Object.fromEntries([...KINDS, "shown", "focus", "theme"].map((name) => [name, text(name)])),
    ...Object.fromEntries(Object.keys(LEAST).map((name) => [name, number(name)])),
    currency: given.has("currency") ? currencyOf(given.get("currency")) : STUDY.currency,
    methods: given.has("method") ? given.getAll("method") : null,
    isChosen: text("supervisor") !== "",
  });
}

function address() {
  const named = KINDS.filter((kind) => kind !== "supervisor" || state.isChosen);
  const given = new URLSearchParams(named.map((kind) => [kind, state[kind]]));
  for (const name of [...Object.keys(LEAST), "shown", "focus", "theme"]) {
    if (state[name] !== null && state[name] !== "") given.set(name, state[name]);
  }
  if (state.pool === null && STUDY.textsToLabel !== null) given.set("pool", "");
  if (state.currency !== STUDY.currency) given.set("currency", state.currency);
  for (const [name, price] of Object.entries(state.prices)) given.append("price", `${name}=${price}`);
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

/** Replace choices that do not exist here by the first ones that do, and find the price where none is given. Where all
 *  sources compete, that is shown whose price the reader changed, or else the one that the answer buys from. */
function settle() {
  const chosen = state.supervisor;
  for (const kind of KINDS) {
    const options = choicesOf(kind);
    if (!options.includes(state[kind])) state[kind] = options[0];
  }
  if (state.supervisor !== chosen) state.isChosen = false;
  const here = methodsHere();
  if (state.methods && here.every((method) => state.methods.includes(method))) state.methods = null;
  if (!chosenMethods().includes(state.focus)) state.focus = "";
  state.weak ??= knownPrice(state.supervisor);
  if (!allCompete()) return;
  if (!haveOnePrice()) state.weak = knownPrice(state.supervisor);
  if (!sourcesHere().includes(state.shown)) state.shown = "";
  const supervisor = state.shown || sourceToShow() || choicesOf("supervisor")[0];
  Object.assign(state, { weak: priceOf(supervisor), supervisor });
}

const isChosen = (method) => state.methods?.includes(method) ?? true;
const chosenMethods = () => methodsHere().filter(isChosen);

// Computing

const remembered = new Map();

/** What `compute` returns, computed once for each key. */
function once(key, compute) {
  if (!remembered.has(key)) remembered.set(key, compute());
  return remembered.get(key);
}

/** The surfaces of a supervisor by a student on a task, and what needs no label to train on. */
function readPlace({ task, supervisor, student }) {
  const block = DATA.blocks.find((entry) => entry.task === task && entry.student === student);
  const own = block.surfaces.filter((surface) => surface.supervisor === supervisor);
  const free = block.free.filter((entry) => entry.supervisor === "" || entry.supervisor === supervisor);
  return {
    surfaces: own.map((surface) => readSurface(surface, block.rank)),
    free: free.map((entry) => readFree(entry, block.rank)),
    nTasks: block.nTasks,
    learnsNothing: block.learnsNothing,
  };
}

/** The terms at which the reader buys. Without a number of texts that can be labelled it is that of the study. */
function termsOf(given) {
  const { gold, budget, pool, haveWeak, haveGold, supervisor, task } = given;
  // Labels that the reader has are of the supervisor that is shown.
  const offer = (name) => ({ price: priceOf(name, given), have: name === supervisor ? (haveWeak ?? 0) : 0 });
  const weak = Object.fromEntries(sourcesHere().map((name) => [name, offer(name)]));
  return makeTerms({ budget, gold, weak, haveGold: haveGold ?? 0, pool: pool ?? STUDY.poolSizes[task] ?? Infinity });
}

/** The supervisors whose labels this student learned from on this task. */
const sourcesHere = () =>
  GROUPS.filter(({ task, student }) => task === state.task && student === state.student)
    .map(({ supervisor }) => supervisor)
    .filter((supervisor, i, all) => all.indexOf(supervisor) === i);

/** Whether the reader sets one price of a weak label for all sources: none has a price of its own. */
const haveOnePrice = () => sourcesHere().every((supervisor) => lonePrice(supervisor) === null);

/** Whether the answer is the best of all sources, as of `elicitation recommend` without --supervisor: the reader has
 *  neither chosen one nor labels of one. */
const allCompete = () => !state.isChosen && !state.haveWeak && sourcesHere().length > 1;

/** All that is known of a source of weak labels, on this task and student. */
function sourceNamed(supervisor) {
  const { task, student } = state;
  return once(`source ${task} ${student} ${supervisor}`, () => readPlace({ task, supervisor, student }));
}

/** The sources that compete: all, or the one that is chosen. */
const competing = () => (allCompete() ? sourcesHere() : [state.supervisor]);

/** Weak labels as they are with the price of one, and with that of each text that is sorted, as text_price in Python. */
function priced(labels, ofLabel) {
  const price = labels.paid === 1 ? ofLabel : Number((ofLabel * labels.paid).toPrecision(6));
  return { ...labels, ofLabel, price };
}

/** The weak labels of these sources as they are, each with its price, and with that of a text that is sorted. */
function labelsOf(sources) {
  return sources.flatMap((supervisor) => {
    const labels = sourceNamed(supervisor).free.filter(({ kind }) => kind === LABELS);
    return labels.map((own) => priced({ ...own, supervisor }, priceOf(supervisor)));
  });
}

/** Whether no student that was trained is expected to beat weak labels as they are or the commoner label, as
 *  `undertrained` in Python: all that was studied of the competing sources counts, of all methods and numbers of
 *  texts. */
function isUndertrained() {
  const weak = Object.fromEntries(competing().map((name) => [name, { price: 0, have: 0 }]));
  const terms = { ...makeTerms({ budget: 0, gold: 1, weak }), budget: NO_LIMIT };
  const sources = competing().map(sourceNamed);
  const every = sources.flatMap(({ surfaces }) => findOptions(surfaces, terms));
  const untrained = sources.flatMap(({ free }) => free.filter(({ kind }) => kind !== "asking"));
  return every.length > 0 && bestOf(every).mean <= Math.max(...untrained.map(({ mean }) => mean)) + SAME_SCORE;
}

/** The surfaces of all sources of weak labels, by the chosen methods, and what needs no label to train on. */
function everySource() {
  const sources = sourcesHere().map(sourceNamed);
  const surfaces = sources.flatMap((source) => source.surfaces).filter(({ method }) => isChosen(method));
  return { surfaces, free: sources.flatMap(({ free }) => free) };
}

/** All that can be bought, the best of what costs nothing, and the purchase that is expected to bring most; null where
 *  nothing is bought. */
function bestWithin({ surfaces, free }, terms) {
  const [options, base] = [findOptions(surfaces, terms), bestFree(free, terms)];
  return { options, base, best: options.length && beats(options, base) ? bestOf(options) : null };
}

/** Of all sources that which the answer buys from, or whose labels cost nothing and are best; empty where none is. */
function sourceToShow() {
  const { best, base } = bestWithin(everySource(), termsOf(state));
  return best ? sourceOf(best) : base.supervisor;
}

/** The budgets of the path: from the cheapest purchase that was run on, those of the slider and other round ones, the
 *  reader's, and what each purchase on the frontier costs. */
function budgetsOfPath(market, terms) {
  const points = pointsOf(market, terms);
  const isOn = onFrontierByMeans(points);
  const paid = (some) => some.map(({ cost }) => cost * state.gold).filter((cost) => cost > 0);
  const own = [...budgetStops(), state.budget, ...paid(points.filter((_, i) => isOn[i][0] === 1))];
  return stopsBetween(Math.min(...own, ...paid(points)), Math.max(...own), own);
}

/** The purchase that is recommended for each budget, or null where nothing is bought. */
const pathOf = (market, budgets) =>
  budgets.map((budget) => ({ budget, best: bestWithin(market, termsOf({ ...state, budget })).best }));

/** The map of decisions over prices and budgets; its cells, rows by budget, are computed later. */
function emptyMap(here) {
  const [weak, budgets] = [mapStops(), budgetStops()];
  const given = { ...state };
  const row = (budget) =>
    weak.map((price) => {
      const { options, ...cell } = decide(here, termsOf({ ...given, weak: price, budget }), STUDY.verdict);
      return cell;
    });
  return { weak, budgets, row, cells: [] };
}

const isComplete = (map) => map.cells.length === map.budgets.length;

let filling = 0;

/** Computes the map's cells, a few at a time while nobody waits for anything. */
function fillMap({ map }, then) {
  clearTimeout(filling);
  const goOn = () => {
    const end = performance.now() + SLICE;
    while (!isComplete(map) && performance.now() < end) map.cells.push(map.row(map.budgets[map.cells.length]));
    if (isComplete(map)) then();
    else filling = setTimeout(goOn);
  };
  if (map && !isComplete(map)) filling = setTimeout(goOn, MAP_AFTER);
}

/** All that is shown. */
function compute() {
  const { task, student, supervisor } = state;
  const place = JSON.stringify([task, student, supervisor]);
  const around = JSON.stringify([task, student]);
  if (!remembered.has(around)) remembered.clear();
  once(around, () => true);
  const whole = sourceNamed(supervisor);
  const methods = chosenMethods();
  const here = { ...whole, surfaces: whole.surfaces.filter(({ method }) => methods.includes(method)) };
  const terms = termsOf(state);
  const every = everySource();
  const market = allCompete() ? every : here;
  const ofSources = bestWithin(every, terms);
  const ofMarket = bestWithin(market, terms);
  // Of all that competes, and of the source that is shown, which may be the same.
  const ofBoth = (find) => {
    const found = find(market);
    return [found, market === here ? found : find(here)];
  };
  const [decision, ownDecision] = ofBoth((from) => decide(from, terms, STUDY.verdict));
  const [studied, ownStudied] = ofBoth(({ surfaces }) => findOptions(surfaces, { ...terms, budget: NO_LIMIT }));
  const costsOf = (options) => (options.length ? studiedCosts(options) : null);
  const budgets = budgetsOfPath(market, terms);
  const [path, ownPath] = ofBoth((from) => pathOf(from, budgets));
  const scored = frontierOf(here, terms);
  const { gold, pool, haveWeak, haveGold } = state;
  const mapKey = JSON.stringify(["map", place, methods, gold, isInStudysMoney(), pool, haveWeak, haveGold]);
  const method = state.focus || (decision.best?.surface.method ?? methods[0]);
  // Gold labels may be bought by a method that was run with another source alone.
  const focus = here.surfaces.find((surface) => surface.method === method) ?? here.surfaces[0];
  const target = state.target === null ? null : state.target / 100;
  const leftOut = sourcesHere().filter((name) => !competing().includes(name));
  return {
    ...state,
    ...{ key: place, here, market, allCompete: allCompete(), terms, decision, methods },
    ...{ titles: STUDY.titles, symbols: symbolsOf(whole.surfaces) },
    ownDecision,
    costs: costsOf(studied),
    ownCosts: costsOf(ownStudied),
    highest: ownStudied.length ? bestOf(ownStudied) : null,
    weakLabels: here.free.find(({ kind }) => kind === LABELS) ?? null,
    sources: { n: sourcesHere().length, best: ofSources.best, labels: labelsOf(competing()), leftOut: labelsOf(leftOut) },
    undertrained: once(`undertrained ${place} ${allCompete()}`, isUndertrained),
    cheaper: decision.buys ? cheaperThan(decision.best, ofMarket.options, ofMarket.base, STUDY.verdict) : null,
    parts: DATA.parts.filter((row) => KINDS.every((kind) => row[kind] === state[kind])),
    reaching: target === null ? null : reach(target, market, terms),
    scored,
    path,
    pathRows: joinedPath(path),
    ownPath,
    map: lonePrice(supervisor) === null ? once(mapKey, () => emptyMap(here)) : null,
    focus,
    isoquants: once(`isoquants ${place} ${method}`, () => isoquantsOf(focus)),
  };
}

/** A plot symbol a method, in the order of the study. */
function symbolsOf(surfaces) {
  const used = new Set(surfaces.map(({ method }) => method));
  const here = Object.keys(STUDY.titles).filter((method) => used.has(method));
  return Object.fromEntries(here.map((method, i) => [method, SYMBOLS[i % SYMBOLS.length]]));
}
