// The night page: a tap is kept before anything else happens, then the same screen says what to do, one step at a time.
const told = document.body.dataset;
const { keep, newId, onChange, retry, discard } = await import(told.outbox);
const $ = (id) => document.getElementById(id);
const CURRENT = "soleus.night.cramp", SPEAK = "soleus.night.speak", SEATED = "soleus.night.seated";
const STEP_S = 6; // time to read a step and to do it
const LONGEST_WATCHED = 3600e3; // choice: after an hour it was the pressing that was forgotten, so no duration is told
const secondsOf = (ms) => Math.round(ms / 100) / 10;

let cramp = null; // {id, leg, started, page}: the cramp that is watched; started and page are milliseconds
let remark = $("state").textContent, phase = -1, lost = 0, paused = 0, ticking = 0, screen = null;
let box = { waiting: [], attention: [], trouble: "", fleeting: false };

function recall(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } }
function remember(key, value) {
  try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, JSON.stringify(value)); } catch { /* it lives as long as the page */ }
}

/** How long the cramp has lasted. A phone that slept stops performance.now; a clock that was set back errs too: the larger. */
function elapsed() {
  const byClock = Date.now() - cramp.started;
  return cramp.page === null ? byClock : Math.max(performance.now() - cramp.page, byClock < LONGEST_WATCHED ? byClock : 0);
}

// --- what is shown ---------------------------------------------------------------------------------------------------

function show(view) {
  for (const one of ["ask", "guide", "rest"]) $(one).hidden = one !== view;
  told.view = view;
  if (view !== "guide") stop();
  ({ ask: document.querySelector(".leg"), guide: $("words"), rest: $("well") })[view].focus({ preventScroll: true });
  scrollTo(0, 0);
  tellState();
}

function tellState() {
  const ids = new Set(box.waiting.map((one) => one.id)), mine = cramp && told.view !== "ask" ? cramp.id : "";
  let line = remark;
  if (box.fleeting) line = told.fleeting;
  else if (box.trouble === "unlinked") line = told.unlinked;
  else if (mine && box.attention.some((one) => one.id === mine)) line = told.notTaken;
  else if (ids.size > 1 || (ids.size && !ids.has(mine))) line = told.onlyHere.replace("{n}", ids.size);
  else if (ids.size) line = told.onPhone;
  else if (mine) line = told.inDiary;
  if ($("state").textContent !== line) $("state").textContent = line;
  $("which").textContent = mine ? told[cramp.leg] ?? "" : "";
  listAttention();
}

function listAttention() {
  const list = $("attention").querySelector("ul");
  $("attention").hidden = !box.attention.length;
  list.replaceChildren(...box.attention.map(({ key, body, problems }) => {
    const item = document.createElement("li"), style = { dateStyle: "medium", timeStyle: "short" };
    const at = body?.started_at ? new Date(body.started_at).toLocaleString(document.documentElement.lang, style) : "";
    item.append([told[body?.leg] ?? "", at, ...problems.map((one) => one.what)].filter(Boolean).join(" · "));
    for (const [words, act] of [[told.retry, retry], [told.discard, discard]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = words;
      button.onclick = () => act(key);
      item.append(document.createElement("br"), button);
    }
    return item;
  }));
}

// --- the guide -------------------------------------------------------------------------------------------------------

function phases() {
  const steps = [...$(pressed($("seated")) ? "sitting" : "standing").children].map((item) => (
    { words: item.querySelector("b").textContent, how: item.querySelector("span").textContent, seconds: STEP_S }));
  const found = [...steps];
  for (let hold = 1; hold <= told.holds; hold++) {
    const which = told.holdOf.replace("{n}", hold).replace("{all}", told.holds);
    found.push({ words: told.hold, how: which, aloud: `${told.hold}. ${which}`, seconds: Number(told.holdS), counted: true, buzz: [250] });
    if (hold < told.holds) found.push({ words: told.rest, how: which, aloud: told.rest, seconds: Number(told.restS), counted: true, buzz: [90, 120, 90] });
  }
  found.push({ words: told.ended, how: told.ifNot, seconds: Infinity, buzz: [500] });
  return found;
}

function tick() {
  let left = ((paused || elapsed()) - lost) / 1000;
  const all = phases();
  let i = 0;
  while (left >= all[i].seconds) left -= all[i++].seconds;
  const now = all[i];
  const count = now.counted ? String(Math.ceil(now.seconds - left)) : "";
  if ($("count").textContent !== count) $("count").textContent = count;
  if (i === phase) return;
  const first = phase < 0;
  phase = i;
  $("words").textContent = now.words;
  $("how").textContent = now.how;
  $("again").hidden = now.seconds !== Infinity;
  $("pause").hidden = now.seconds === Infinity;
  if (told.vibrate && now.buzz && navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(now.buzz);
  say(now.aloud ?? `${now.words}. ${now.how}`);
  if (!first) $("spoken").textContent = now.aloud ?? `${now.words}. ${now.how}`;
}

function start() {
  stop();
  phase = -1;
  paused = 0;
  tick(); // now, so that the words are there when the focus comes to them
  ticking = setInterval(tick, 200);
  navigator.wakeLock?.request("screen").then((lock) => (ticking ? (screen = lock) : lock.release()), () => {});
}

function stop() {
  clearInterval(ticking);
  ticking = 0;
  $("pause").textContent = told.pause;
  if ("speechSynthesis" in window) speechSynthesis.cancel();
  screen?.release();
  screen = null;
}

function say(words) {
  if (!("speechSynthesis" in window) || !pressed($("speak"))) return;
  speechSynthesis.cancel();
  const spoken = new SpeechSynthesisUtterance(words);
  spoken.lang = document.documentElement.lang;
  speechSynthesis.speak(spoken);
}

// --- what is tapped --------------------------------------------------------------------------------------------------

function tap(leg) {
  const id = newId(), at = new Date(), body = { leg };
  const clock = at.toISOString();
  if (clock.length === 24) body.started_at = body.recorded_at = clock; // a clock beyond the year 9999 tells nothing
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (timeZone) body.zone = timeZone;
  keep({ method: "PUT", path: `/api/episodes/${id}`, body, id });
  watch({ id, leg, started: at.getTime(), page: performance.now() });
}

function watch(one) {
  cramp = one;
  remember(CURRENT, { id: one.id, leg: one.leg, started: one.started });
  remark = "";
  lost = 0;
  document.querySelector("#guide details").open = false;
  start();
  show("guide");
}

function over() {
  const lasted = elapsed();
  if (lasted >= 0 && lasted <= LONGEST_WATCHED) {
    keep({ method: "PATCH", path: `/api/episodes/${cramp.id}`, body: { duration_s: secondsOf(lasted) }, id: cramp.id });
  }
  remember(CURRENT, null);
  show("rest");
}

function undo() {
  keep({ method: "DELETE", path: `/api/episodes/${cramp.id}`, id: cramp.id });
  remember(CURRENT, null);
  cramp = null;
  remark = told.undone;
  show("ask");
}

function another() {
  remember(CURRENT, null);
  remark = "";
  show("ask");
}

function pressed(button) { return button.getAttribute("aria-pressed") === "true"; }
function press(button, on) { button.setAttribute("aria-pressed", on); }
function toggled(button, key) {
  press(button, !pressed(button));
  remember(key, pressed(button));
  phase = -1;
  tick();
}

document.addEventListener("submit", (event) => {
  const path = new URL(event.target.action).pathname;
  event.preventDefault();
  if (path === "/night") tap(event.submitter?.value ?? "left");
  else if (!cramp) return;
  else if (path === "/night/over") over();
  else undo();
});
for (const link of document.querySelectorAll(".another")) {
  link.addEventListener("click", (event) => { event.preventDefault(); another(); });
}
$("seated").onclick = () => toggled($("seated"), SEATED);
$("speak").onclick = () => toggled($("speak"), SPEAK);
$("again").onclick = () => { lost = elapsed(); phase = -1; tick(); $("words").focus(); };
$("pause").onclick = () => {
  if (ticking) {
    paused = elapsed();
    stop();
    $("pause").textContent = told.goOn;
  } else {
    lost += elapsed() - paused;
    start();
  }
};
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && ticking && !screen) navigator.wakeLock?.request("screen").then((lock) => (screen = lock), () => {});
});

// --- when the page opens ---------------------------------------------------------------------------------------------

$("plain").hidden = true;
$("live").hidden = $("switches").hidden = false;
$("speak").hidden = !("speechSynthesis" in window);
press($("seated"), recall(SEATED) === true);
press($("speak"), recall(SPEAK) ?? told.speak === "yes");
const before = recall(CURRENT);
if (told.cramp) cramp = { id: told.cramp, leg: told.leg, started: Number(told.started), page: null };
if (told.view === "guide" && cramp) watch(cramp);
else if (told.view === "ask" && before && Date.now() - before.started < LONGEST_WATCHED && Date.now() >= before.started) watch({ ...before, page: null });
if (location.search) history.replaceState(null, "", "/night"); // another cramp, or a reload, begins at the two targets
onChange((now) => { box = now; tellState(); });
if (isSecureContext) navigator.serviceWorker?.register("/sw.js").catch(() => {});
document.documentElement.dataset.ready = "";
