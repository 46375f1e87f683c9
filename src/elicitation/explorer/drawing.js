// What all views are drawn and written with. Words reach the page by textContent and plots by `plain`, so that names
// from the data are never read as markup.

const SYMBOLS = [
  ...["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "triangle-left", "triangle-right"],
  ...["pentagon", "star", "hexagon", "diamond-tall", "octagon"],
];
// The room that a number on an axis wants, in pixels.
const LABEL_WIDTH = 58;
// The width of one letter on an axis, in pixels.
const LETTER_WIDTH = 8;
const PLOT_OPTIONS = { displayModeBar: false, displaylogo: false, responsive: true };

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const counted = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const rounded = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const count = (value) => counted.format(value);
const amount = (value) => (value >= 100 ? counted : rounded).format(value);
const cents = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A sum of money as elicitation.buying.amounts writes it: 1,200, 19.20, 0.10, 0.025. */
function sum(value) {
  if (value >= 1) return cents.format(value).replace(/\.00$/, "");
  return String(Number(value.toPrecision(3))).replace(/^0\.\d$/, "$&0");
}

/** An amount in the reader's currency, written as people do: $1.20, 12 CHF; without one a number of gold labels. */
function money(value) {
  const { currency } = state;
  if (!currency) return amount(value);
  return /^\p{L}+$/u.test(currency) ? `${sum(value)} ${currency}` : `${currency}${sum(value)}`;
}

/** What amounts are counted in: a currency, or gold labels where these cost 1; else nothing is said. */
const moneyUnit = () => state.currency || (state.gold === 1 ? "gold labels" : "");
/** An amount in a sentence: 128 gold labels, $1.20. */
const moneyWords = (value) => (state.currency ? money(value) : `${amount(value)} ${moneyUnit()}`.trim());
const percentText = (share) => (100 * share).toFixed(1);
/** A difference of scores in percentage points, with its sign: −1.0, +9.6. */
const points = (share) => `${Math.round(1000 * share) < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)}`;
/** The ends of an interval in a sentence. */
const between = ({ low, high }) => `between ${percentText(low)} and ${percentText(high)} %`;
const spread = ({ low, high }, show = percentText) => `${show(low)} to ${show(high)}`;
/** A difference of scores with its interval, all with their signs: −1.0 points (−7.5 to +9.6). */
const pointsText = (gap) => `${points(gap.mean)} points (${spread(gap, points)})`;
/** By how much a score is above another, `of` something, with the interval, as ahead_words in Python. */
function aheadWords({ mean, low, high }, of = "") {
  const [size, ...ends] = [mean, low, high].map((share) => Math.abs(100 * share).toFixed(1));
  const said = `${size} points ${mean < 0 ? "behind" : "ahead"}${of}`;
  if (low === high) return said;
  if (isOpen({ low, high })) return `${said} (between ${ends[0]} behind and ${ends[1]} ahead, so either may be better)`;
  const [near, far] = low < 0 ? ends.reverse() : ends;
  return `${said} (between ${near} and ${far})`;
}
/** Whether it is undetermined which of two scores is higher: the interval of their difference holds 0. */
const isOpen = ({ low, high }) => low <= 0 && high >= 0;
// As Python rounds, so that all answers say the same probability.
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0, roundingMode: "halfEven" });
const likely = (probability) => `${whole.format(100 * probability)} %`;
/** The same of a probability that falls short of another one: with one digit more where both would read alike. */
function shortOf(probability, wanted) {
  if (probability >= wanted || likely(probability) !== likely(wanted)) return likely(probability);
  const [own, other] = [percentText(probability), percentText(wanted)];
  return own === other ? `just below ${likely(wanted)}` : `${own} %`;
}

const seedsWords = (n) => `${n} seed${n === 1 ? "" : "s"}`;

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** Text for a plot, whose renderer knows a few HTML tags. */
const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const element = (id) => document.getElementById(id);

/** A new element with text and children. */
function make(tag, { text = "", className = "", ...attributes } = {}, children = []) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The page's colours, by the names that explorer.css gives them. */
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const looks = ["card", "ink", "muted", "line", "grid", "accent", "star", "bar"];
  const names = [...looks, "quantity", "mixed", "quality", "nothing"];
  const values = names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  // From all gold to all weak.
  const shares = style.getPropertyValue("--shares").split(",");
  const scale = shares.map((colour, k) => [k / (shares.length - 1), colour.trim()]);
  return { ...Object.fromEntries(values), shares: scale, font: getComputedStyle(document.body).fontFamily };
}

/** The colour that `colour` over `below` makes at an opacity; both #rrggbb. */
function blend(colour, below, opacity) {
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const [over, under] = [parts(colour), parts(below)];
  return `rgb(${over.map((value, i) => Math.round(opacity * value + (1 - opacity) * under[i])).join(",")})`;
}

function axis(colours, title, more = {}) {
  const look = { color: colours.muted, gridcolor: colours.grid, linecolor: colours.line, zeroline: false };
  // Neither a title at a standoff nor labels kept within the plot: both measure every label at each drawing.
  return { ...look, tickangle: 0, ticklabeloverflow: "allow", title: { text: title }, ...more };
}

/** x, y: axes. Margins are computed here, since measuring what is drawn costs as much as drawing it again. */
function layout(colours, x, y, revision) {
  const longest = Math.max(3, ...(y.ticktext ?? []).map((text) => text.length));
  return {
    xaxis: x,
    yaxis: y,
    uirevision: revision,
    showlegend: false,
    dragmode: matchMedia("(pointer: fine)").matches ? "zoom" : false,
    hovermode: "closest",
    margin: { l: 32 + LETTER_WIDTH * longest, r: 24, t: 8, b: 46 },
    paper_bgcolor: colours.card,
    plot_bgcolor: colours.card,
    font: { family: colours.font, color: colours.ink, size: 13 },
    hoverlabel: { align: "left", bgcolor: colours.card, bordercolor: colours.muted, font: { color: colours.ink } },
  };
}

/** Positions of plain numbers on an axis that shows `place(number)`. */
function ticks(numbers, place) {
  return { tickmode: "array", tickvals: numbers.map(place), ticktext: numbers.map((value) => rounded.format(value)) };
}

/** 1, 10, 100 and the like from low to high; with 2 and 5 between, or with all whole steps, where so many labels fit the
 *  width, in pixels. */
function roundNumbers(low, high, width) {
  const decade = width / Math.log10(high / low);
  const all = decade * Math.log10(10 / 9) > LABEL_WIDTH;
  const steps = all ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decade > 3 * LABEL_WIDTH ? [1, 2, 5] : [1];
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    found.push(...steps.map((step) => Number(`${step}e${power}`)));
  }
  return found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
}

function describePurchase({ nWeak, nGold }) {
  const labels = (n, kind) => `${count(n)} ${kind} label${n === 1 ? "" : "s"}`;
  if (nGold === 0) return nWeak === 0 ? "no labels" : labels(nWeak, "weak");
  return nWeak === 0 ? labels(nGold, "gold") : `${count(nWeak)} weak and ${labels(nGold, "gold")}`;
}

/** Whose labels something is of, where there are several sources: " of ann", or `what` before it. */
const ofSource = ({ sources, supervisor }, what = "") => (sources.n > 1 ? `${what} of ${supervisor}` : "");

/** That a view shows one of several sources. */
const drawnWords = ({ sources, supervisor }) =>
  sources.n > 1 ? ` This view is of the weak labels of ${supervisor} alone.` : "";

/** The same with whose the weak labels are, where there are several sources. */
function describeFrom(purchase, { sources }) {
  const { surface, nWeak, nGold } = purchase;
  if (sources.n === 1 || nWeak === 0) return describePurchase(purchase);
  const weak = `${describePurchase({ nWeak, nGold: 0 })} of ${surface.supervisor}`;
  return nGold ? `${weak} and ${describePurchase({ nWeak: 0, nGold })}` : weak;
}

/** "is right on 72.8 %" and the like, after what has the score. */
function scoring(share, isMany = false) {
  const value = `${percentText(share)} %`;
  if (STUDY.measure.key === "accuracy") return `${isMany ? "are" : "is"} right on ${value}`;
  const article = /^[aeiou]/i.test(STUDY.measure.title) ? "an" : "a";
  return `${isMany ? "have" : "has"} ${article} ${STUDY.measure.title} of ${value}`;
}

/** The star that marks the recommended purchase in every plot. */
function starTrace(colours, x, y, text, more = {}) {
  const marker = { symbol: "star", size: 17, color: colours.star, line: { color: colours.card, width: 1.5 } };
  const hover = { hoverinfo: "text", hovertext: text };
  return { type: "scatter", mode: "markers", name: "what to buy", x, y, marker, ...hover, ...more };
}
