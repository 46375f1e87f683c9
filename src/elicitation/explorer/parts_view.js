// Where the weak label is wrong, and where it is right: whether a student repeats its supervisor's errors.

/** A score with its interval; without test examples there is none. */
const partText = (score) => (score ? `${percentText(score.mean)} % (${spread(score)})` : "–");
const isAsking = ({ nWeak, nGold }) => nWeak + nGold === 0;

/** How right the answer is on both parts of the test texts, where it was run. */
function partsWords({ parts, decision, supervisor, here }) {
  const { best, buys, free } = decision;
  const isAnswer = buys
    ? (row) => row.method === best.surface.method && row.nWeak === best.nWeak && row.nGold === best.nGold
    : (row) => free.kind === "asking" && isAsking(row);
  const row = parts.find(isAnswer);
  if (!row?.wrong || !row.right) return [];
  const size = here.nTasks > 1 ? "" : ` (${count(row.nWrong)} of ${count(row.nWrong + row.nRight)} test texts)`;
  const wrong = `Where the weak label of ${supervisor} is wrong${size}, ${partText(row.wrong)} are answered right`;
  return [`${wrong}; where it is right, ${partText(row.right)}, with ${seedsWords(row.nSeeds)}. ${AS_MEASURED}`];
}

function tabulateParts({ parts, methods, titles, supervisor }) {
  const shown = parts.filter((row) => isAsking(row) || methods.includes(row.method));
  element("parts").hidden = shown.length === 0;
  const rows = shown.map((row) => [
    ...[row.nWeak, row.nGold].map(count),
    partText(row.wrong),
    partText(row.right),
    isAsking(row) ? FREE_WORDS.asking : titles[row.method],
    count(row.nSeeds),
  ]);
  const heads = ["Weak labels", "Gold labels", "Right where it is wrong", "Right where it is right", "Method", "Seeds"];
  const caption =
    `All purchases that were run, by whether the weak label of ${supervisor} is wrong or right on a test text. Who ` +
    "repeats its errors is near 0 % where it is wrong; who knows the truth is near 100 %. In brackets: 95 % intervals. " +
    AS_MEASURED;
  fillTable("parts-table", caption, heads, [heads.indexOf("Method")], rows);
}
