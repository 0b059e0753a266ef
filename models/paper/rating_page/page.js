// Plays one rater's clips, takes two ratings of each, and gives a file at the end. Runs from the
// disk: STUDY comes from study.js, since such a page may not read files. What was answered is kept in
// the browser, so a closed page goes on where it was.
"use strict";

const WORDS = ["bad", "poor", "fair", "good", "excellent"];
const SCALES = {
  meaningfulness: [
    "no sense, or nothing can be understood",
    "a word or a phrase fits, the rest does not",
    "the topic is there, but parts do not follow",
    "it makes sense, with small slips",
    "a sensible talk that follows from its beginning",
  ],
  naturalness: [
    "no two people would talk at such times",
    "mostly wrong: long silences, or talk across one another",
    "at times like people, at times not",
    "like people, with small slips",
    "just as two people talk",
  ],
};
const byId = (id) => document.getElementById(id);
const audio = new Audio();
let rater = 0, sheet = [], answers = [], heard = false, plays = 0, shownAt = 0;

// --- the first page ---------------------------------------------------------------------------------

for (let rating = 5; rating >= 1; rating--) {
  const row = byId("scales").insertRow();
  row.insertCell().textContent = `${rating} ${WORDS[rating - 1]}`;
  for (const scale of Object.values(SCALES)) row.insertCell().textContent = scale[rating - 1];
}
byId("prompt-seconds").textContent = STUDY.prompt_seconds;
byId("about-prompt").hidden = !STUDY.prompt_seconds;
byId("rater").max = STUDY.sheets.length;

byId("begin").addEventListener("submit", (event) => {
  event.preventDefault();
  rater = Number(byId("rater").value);
  sheet = STUDY.sheets[rater - 1];
  if (!sheet) {
    byId("begin-note").textContent = `The numbers go from 1 to ${STUDY.sheets.length}.`;
    return;
  }
  answers = kept();
  show(answers.length < sheet.length ? "trial" : "end");
  if (answers.length < sheet.length) next(); else finish();
});

function show(page) {
  for (const main of document.querySelectorAll("main")) main.hidden = main.id !== page;
}

// --- what the browser keeps ---------------------------------------------------------------------------

const place = () => `duologue-ratings-${STUDY.study}-${rater}`;

function kept() {
  try {
    return JSON.parse(localStorage.getItem(place())) || [];
  } catch {
    return [];
  }
}

function keep() {
  try {
    localStorage.setItem(place(), JSON.stringify(answers));
  } catch {
    // Some browsers keep nothing for pages from the disk; the answers are here until it is closed.
  }
}

// --- one clip ---------------------------------------------------------------------------------------

for (const [scale, meanings] of Object.entries(SCALES)) {
  meanings.forEach((meaning, index) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: scale, value: index + 1 });
    label.title = meaning;
    label.append(input, ` ${index + 1} ${WORDS[index]}`);
    byId(scale).append(label);
    input.addEventListener("change", update);
  });
}

function next() {
  byId("answer").reset();
  heard = false;
  plays = 0;
  shownAt = performance.now();
  byId("skip").hidden = true;
  byId("again").disabled = true;
  byId("play").textContent = "Play";
  byId("part").textContent = "";
  byId("played").style.width = "0";
  byId("progress").textContent = `${answers.length + 1} of ${sheet.length}`;
  audio.src = `clips/${sheet[answers.length]}.flac`;
  update();
  byId("play").focus();
}

function rating(scale) {
  const chosen = document.querySelector(`input[name=${scale}]:checked`);
  return chosen ? Number(chosen.value) : null;
}

function update() {
  for (const scale of Object.keys(SCALES)) byId(scale).disabled = !heard;
  byId("next").disabled = !(heard && Object.keys(SCALES).every(rating));
}

function playOrPause() {
  if (audio.paused) audio.play().catch(() => {}); else audio.pause();
}

audio.addEventListener("play", () => {
  if (audio.currentTime === 0) plays += 1;
  byId("play").textContent = "Pause";
  byId("again").disabled = false;
});
audio.addEventListener("pause", () => { byId("play").textContent = "Play"; });
audio.addEventListener("timeupdate", () => {
  const check = STUDY.checks.includes(sheet[answers.length]);
  byId("played").style.width = `${(100 * audio.currentTime) / audio.duration}%`;
  const given = !check && audio.currentTime < STUDY.prompt_seconds;
  byId("part").textContent = given ? "This part is given." : "Rate what you hear now.";
});
audio.addEventListener("loadedmetadata", () => {
  const check = STUDY.checks.includes(sheet[answers.length]);
  byId("mark").hidden = check || !STUDY.prompt_seconds;
  byId("mark").style.left = `${(100 * STUDY.prompt_seconds) / audio.duration}%`;
});
audio.addEventListener("ended", () => {
  heard = true;
  byId("part").textContent = "";
  update();
  byId("meaningfulness").querySelector("input").focus();
});
audio.addEventListener("error", () => {
  byId("part").textContent = "This recording cannot be played.";
  byId("skip").hidden = false;
});

byId("play").addEventListener("click", playOrPause);
byId("again").addEventListener("click", () => { audio.currentTime = 0; audio.play().catch(() => {}); });
byId("skip").addEventListener("click", () => take(null, null));
byId("answer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!byId("next").disabled) take(rating("meaningfulness"), rating("naturalness"));
});

document.addEventListener("keydown", (event) => {
  if (byId("trial").hidden || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " ") {
    event.preventDefault();
    playOrPause();
  } else if (/^[1-5]$/.test(event.key) && heard) {
    const scale = !rating("meaningfulness") || byId("meaningfulness").contains(document.activeElement)
      ? "meaningfulness" : "naturalness";
    document.querySelector(`input[name=${scale}][value="${event.key}"]`).checked = true;
    update();
    byId("naturalness").querySelector("input:checked, input").focus();
  } else if (event.key === "ArrowUp" && heard) {
    event.preventDefault();
    byId("meaningfulness").querySelector("input:checked, input").focus();
  } else if (event.key === "Enter" && event.target.tagName !== "BUTTON") {
    event.preventDefault();
    byId("answer").requestSubmit();
  }
});

function take(meaningfulness, naturalness) {
  audio.pause();
  answers.push({
    clip: sheet[answers.length],
    meaningfulness,
    naturalness,
    took_seconds: Math.round(performance.now() - shownAt) / 1000,
    plays,
  });
  keep();
  if (answers.length < sheet.length) next(); else finish();
}

// --- the last page ----------------------------------------------------------------------------------

function finish() {
  show("end");
  byId("text").value = JSON.stringify(
    { format: STUDY.format, study: STUDY.study, rater, answers }, null, 1);
  byId("save").focus();
}

byId("save").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([byId("text").value], { type: "application/json" }));
  link.download = `ratings-${STUDY.study}-${String(rater).padStart(3, "0")}.json`;
  link.click();
});
