// What the page carries: the study, and the constants that its computations share with Python's.

const DATA = JSON.parse(document.getElementById("data").textContent);
const STUDY = DATA.study;
