// Controls and events: what the reader does becomes the state, and the state becomes what is shown.

/** Offer the options in a select; `titles` says what they are called. */
function fillSelect(id, options, value, titles = {}) {
  const select = element(id);
  const shown = [...select.options].map((option) => option.value);
  if (JSON.stringify(shown) !== JSON.stringify(options)) {
    const entries = options.map((option) => make("option", { text: titles[option] ?? option, value: option }));
    select.replaceChildren(...entries);
  }
  select.value = value;
}

/** A plot symbol as a small picture. */
function pictureOfSymbol(symbol) {
  const corners = (n, turn = 0, inner = 1) =>
    Array.from({ length: n }, (_, i) => {
      const [angle, radius] = [(2 * Math.PI * i) / n + turn - Math.PI / 2, i % 2 ? 6.5 * inner : 6.5];
      return `${(radius * Math.cos(angle)).toFixed(1)} ${(radius * Math.sin(angle)).toFixed(1)}`;
    }).join("L");
  const cross = "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2z";
  const paths = {
    circle: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z",
    square: "M-5-5H5V5H-5z",
    diamond: `M${corners(4)}z`,
    "triangle-up": `M${corners(3)}z`,
    "triangle-down": `M${corners(3, Math.PI)}z`,
    "triangle-left": `M${corners(3, -Math.PI / 2)}z`,
    "triangle-right": `M${corners(3, Math.PI / 2)}z`,
    cross,
    x: cross,
    pentagon: `M${corners(5)}z`,
    star: `M${corners(10, 0, 0.45)}z`,
    hexagon: `M${corners(6)}z`,
    "diamond-tall": "M0-7 4 0 0 7-4 0z",
    octagon: `M${corners(8, Math.PI / 8)}z`,
  };
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "-8 -8 16 16");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", paths[symbol]);
  if (symbol === "x") path.setAttribute("transform", "rotate(45)");
  svg.append(path);
  return svg;
}

function methodBox(method, symbol) {
  const box = make("input", { type: "checkbox", value: method });
  box.checked = chosenMethods().includes(method);
  const title = make("span", { text: STUDY.titles[method] });
  return make("label", { className: "method" }, [box, pictureOfSymbol(symbol), title]);
}

/** Show the state in the controls. */
function fillControls() {
  for (const kind of ["task", "student"]) fillSelect(kind, choicesOf(kind), state[kind]);
  const sources = choicesOf("supervisor");
  const source = allCompete() ? "" : state.supervisor;
  fillSelect("supervisor", sources.length > 1 ? ["", ...sources] : sources, source, { "": "the best source" });
  const methods = methodsHere();
  const boxes = [...element("methods").querySelectorAll("input")];
  if (boxes.map((box) => box.value).join() !== methods.join()) {
    const symbols = symbolsOf(groupsLike(KINDS));
    element("methods").replaceChildren(...methods.map((method) => methodBox(method, symbols[method])));
  } else {
    for (const box of boxes) box.checked = chosenMethods().includes(box.value);
  }
  fillSelect("focus", ["", ...chosenMethods()], state.focus, { ...STUDY.titles, "": "the recommended method" });
  for (const [name, stops] of [["weak", weakStops()], ["gold", goldStops()], ["budget", budgetStops()]]) {
    const slider = element(name);
    slider.max = stops.length - 1;
    slider.value = nearestStop(stops, state[name]);
    slider.setAttribute("aria-valuetext", money(state[name]));
  }
  for (const name of Object.keys(LEAST)) {
    const box = element(`${name}-number`);
    const shown = state[name] === null ? "" : Number(state[name].toPrecision(OPEN.includes(name) ? 15 : 4));
    if (document.activeElement !== box) box.value = shown;
  }
  const { currency, task } = state;
  for (const label of document.querySelectorAll("[data-text]")) {
    label.textContent = currency ? `${label.dataset.text}, ${currency}` : label.dataset.text;
  }
  if (document.activeElement !== element("currency")) element("currency").value = currency;
  const texts = STUDY.poolSizes[task];
  element("pool-number").placeholder = texts ? count(texts) : "any";
  const most = texts ? ` (the study: ${count(texts)})` : "";
  element("pool-words").textContent = `Texts I could label in all${most}`;
}

function isDark() {
  return state.theme ? state.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function setTheme() {
  const theme = isDark() ? "dark" : "light";
  if (document.documentElement.dataset.theme === theme) return;
  document.documentElement.dataset.theme = theme;
  element("theme").setAttribute("aria-pressed", theme === "dark");
  colours = readColours();
}

function draw() {
  showAnswer(view);
  tabulatePath(view);
  tabulateParts(view);
  drawFrontier(view, colours);
  tabulateFrontier(view);
  element("map-words").textContent = regimeWords(view);
  drawMap(view, colours);
  drawIsoquants(view, colours);
  describeIsoquants(view);
}

/** Everything again, but for the map, whose cells follow later; a few dozen milliseconds. */
function update() {
  const started = performance.now();
  settle();
  setTheme();
  fillControls();
  const any = chosenMethods().length > 0;
  element("views").hidden = !any;
  element("no-method").hidden = any;
  if (any) {
    view = compute();
    draw();
    saySummary();
    fillMap(view, () => {
      drawMap(view, colours);
      listenToMap();
    });
  }
  saveAddress();
  lastUpdate = performance.now() - started;
}

let waiting = false;

/** `update` before the next picture, once for all that happens until then. */
function updateSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    update();
  });
}

function change(changes) {
  Object.assign(state, changes);
  updateSoon();
}

/** Another task, supervisor or student. Labels that have a price of their own come at it. */
function choose(kind, value) {
  const before = state.supervisor;
  state[kind] = value;
  if (kind === "supervisor") state.isChosen = value !== "";
  settle();
  change(state.supervisor === before || sharePrice(state.supervisor, before) ? {} : { weak: null });
}

/** What the budget buys stays the same when gold labels cost another price, and so do labels that have one price, unless
 * that is money. */
function changePrice(name, value) {
  // A price that is one source's own is set for that source, so this one stays.
  if (name === "weak" && !haveOnePrice()) state.isChosen = true;
  const alone = lonePrice(state.supervisor) !== null && !isInStudysMoney();
  const kept = name !== "gold" ? [] : alone ? ["budget", "weak"] : ["budget"];
  const scaled = kept.map((key) => [key, (state[key] * value) / state.gold]);
  change({ ...Object.fromEntries(scaled), [name]: value });
}

function listen() {
  const on = (id, event, act) => element(id).addEventListener(event, act);
  on("weak", "input", () => changePrice("weak", weakStops()[element("weak").value]));
  on("gold", "input", () => changePrice("gold", goldStops()[element("gold").value]));
  on("budget", "input", () => change({ budget: budgetStops()[element("budget").value] }));
  for (const name of ["weak", "gold", "budget"]) {
    on(`${name}-number`, "change", () => {
      changePrice(name, numberOf(name, element(`${name}-number`).value) ?? state[name]);
    });
  }
  for (const name of OPEN) {
    on(`${name}-number`, "change", () => {
      // Weak labels that the reader has are of the source that is shown, so this one stays.
      if (name === "haveWeak") state.isChosen = true;
      change({ [name]: numberOf(name, element(`${name}-number`).value) });
    });
  }
  for (const kind of KINDS) on(kind, "change", () => choose(kind, element(kind).value));
  on("sources", "click", ({ target }) => {
    if (target.id !== "show-best") return;
    choose("supervisor", view.sources.best.surface.supervisor);
    // The button goes; who came by keys goes on from the choice that it made.
    element("supervisor").focus({ preventScroll: true });
  });
  on("focus", "change", () => change({ focus: element("focus").value }));
  on("methods", "change", () => {
    const boxes = [...element("methods").querySelectorAll("input:checked")];
    change({ methods: boxes.map((box) => box.value) });
  });
  on("currency", "change", () => change({ currency: currencyOf(element("currency").value) }));
  on("controls", "submit", (event) => event.preventDefault());
  on("reset", "click", () => change(initialState()));
  on("copy-answer", "click", () => copy(wholeAnswer(view), "The answer"));
  on("copy-link", "click", () => copy(linkToView(), "The link"));
  for (const button of document.querySelectorAll("[data-plot]")) button.addEventListener("click", savePicture);
  for (const button of document.querySelectorAll("[data-table]")) button.addEventListener("click", saveTable);
  on("theme", "click", () => change({ theme: isDark() ? "light" : "dark" }));
  addEventListener("hashchange", ({ newURL }) => {
    // The page may have written its own address over it meanwhile.
    readAddress(new URL(newURL));
    updateSoon();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", updateSoon);
  // Axes show as many numbers as fit.
  addEventListener("resize", afterQuiet(RESIZE_AFTER, updateSoon));
}

/** A click on a cell of the map sets price and budget. */
function listenToMap() {
  const plot = element("map-plot");
  plot.removeAllListeners("plotly_click");
  plot.on("plotly_click", ({ points: [{ x, y }] }) => {
    changePrice("weak", view.map.weak[x]);
    change({ budget: view.map.budgets[y] });
  });
}

keyOfMap();
showNotes();
readAddress(location);
listen();
update();

// For tests, and for readers who want the numbers.
window.explorer = {
  get view() {
    return view;
  },
  get lastUpdate() {
    return lastUpdate;
  },
  get mapIsDrawn() {
    return view.map !== null && isComplete(view.map);
  },
  /** The weak labels to use as they are, each with its number of texts. */
  get ready() {
    return readyLabels(view).map(({ supervisor, nTexts }) => [supervisor, nTexts]);
  },
  state,
  update,
  scoreOf,
  decisionWords,
  /** What is bought to reach a score at prices, as decideAt. */
  reachAt({ target, ...given }) {
    const { reached, best } = reach(target, view.market, termsOf({ ...state, ...given }));
    const [{ nWeak, nGold, cost }, method] = [best ?? { nWeak: null, nGold: null, cost: null }, best?.surface.method];
    return { reached, nWeak, nGold, cost, method: method ?? null };
  },
  /** What is decided at a budget and prices, in the reader's money, with what the view holds otherwise. */
  decideAt(given) {
    const decision = decide(view.market, termsOf({ ...state, ...given }), STUDY.verdict);
    const { surface, nWeak, nGold, cost } = decision.best ?? {};
    const score = decision.best && scoreOf(decision.best);
    const { options, best, byStrategy, free, ...said } = decision;
    return { ...said, method: surface?.method, nWeak, nGold, cost, score };
  },
};
