// The outbox: what was told on this phone stays here until Soleus has said that it is in the diary.
//
// Every operation has a key of its own in localStorage, so that two windows never overwrite each other's. It is kept
// before it is sent and forgotten only after Soleus answered; sending it twice is harmless, because ids are made here.
const OPERATION = "soleus.operation.";
const ATTENTION = "soleus.attention.";
const LEASE = "soleus.lease";
const FIRST_WAIT = 1000, LONGEST_WAIT = 15000, LONGEST_ANSWER = 10000, LEASE_MS = 12000; // milliseconds
const LATER = [401, 403, 408, 421, 425, 429]; // refused for a reason that passes; so is every fault of the server
const memory = new Map(); // only where localStorage is closed or full
const callbacks = new Set();
const me = newId();
let token = document.querySelector('meta[name="csrf"]')?.content ?? "";
let trouble = ""; // "", "unreachable", "unlinked" or "refused"
let wait = FIRST_WAIT, timer = 0, draining = false, again = false;

/** A UUID; crypto.randomUUID is missing on plain http. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function read(prefix) {
  const found = new Map(prefix === OPERATION ? memory : []);
  try {
    for (let i = 0; i < localStorage.length; i++) {
      const key = localStorage.key(i);
      if (!key.startsWith(prefix)) continue;
      try { found.set(key, JSON.parse(localStorage.getItem(key))); } catch { /* not ours, or taken meanwhile */ }
    }
  } catch { /* localStorage is closed to us */ }
  return [...found].filter(([, told]) => told).sort(([a], [b]) => (a < b ? -1 : 1));
}

function write(key, value) {
  try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; }
}

function forget(key) {
  memory.delete(key);
  try { localStorage.removeItem(key); } catch { /* closed to us */ }
}

/** What is still only here: {waiting, attention, trouble, fleeting}; waiting and attention are lists of operations. */
export function state() {
  const list = (prefix) => read(prefix).map(([key, told]) => ({ key, ...told }));
  return { waiting: list(OPERATION), attention: list(ATTENTION), trouble, fleeting: memory.size > 0 };
}

/** Call back with state() now and whenever it changes. */
export function onChange(callback) {
  callbacks.add(callback);
  callback(state());
}

function changed() {
  const now = state();
  for (const callback of callbacks) callback(now);
}

/** Keep {method, path, body, id} and send it, now or later, in order. True if it outlives this page. */
export function keep(operation) {
  const last = read(OPERATION).at(-1)?.[0].slice(OPERATION.length).split(".")[0] ?? 0;
  const turn = Math.max(Date.now(), Number(last) + 1); // a clock that is set back does not change the order
  const key = `${OPERATION}${String(turn).padStart(16, "0")}.${newId()}`;
  const stored = write(key, operation);
  if (!stored) memory.set(key, operation);
  wait = FIRST_WAIT;
  changed();
  drain();
  return stored;
}

/** Try an operation again that the diary did not take. */
export function retry(key) {
  const told = read(ATTENTION).find(([one]) => one === key)?.[1];
  if (told) { forget(key); delete told.problems; keep(told); }
}

/** Throw an operation away that the diary did not take; only ever at the person's word. */
export function discard(key) {
  forget(key);
  changed();
}

async function ask(method, path, body) {
  const options = { method, redirect: "error", headers: { "x-csrf-token": token, "x-sent-at": new Date().toISOString() } };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  if (method !== "GET") options.keepalive = true; // a page that is closed at once still sends it
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), LONGEST_ANSWER);
  try {
    const response = await fetch(path, { ...options, signal: stop.signal });
    return { status: response.status, told: (await response.json()) ?? {} }; // what is not JSON is not from Soleus
  } finally {
    clearTimeout(late);
  }
}

async function send({ method, path, body }) {
  let answer = await ask(method, path, body);
  if (answer.status === 403 && answer.told.problems?.[0]?.code === "no_token") {
    const session = await ask("GET", "/api/session");
    if (session.status === 200) {
      token = session.told.csrf;
      answer = await ask(method, path, body);
    }
  }
  return answer;
}

/** Send all that waits; false if something must be tried again later. */
async function sendAll() {
  const held = new Set(); // entries of which an earlier operation is still to come
  let done = true;
  for (const [key, told] of read(OPERATION)) {
    if (held.has(told.id)) continue;
    let answer;
    try {
      answer = await send(told);
    } catch {
      trouble = "unreachable";
      return false;
    }
    const { status, told: { problems } } = answer;
    trouble = "";
    if (status >= 500 || LATER.includes(status)) {
      trouble = status === 401 ? "unlinked" : "refused";
      held.add(told.id);
      done = false;
      continue;
    }
    const moot = told.method === "DELETE" ? status === 404 : status === 409 && problems?.[0]?.code === "removed";
    if (status >= 400 && !moot) {
      const asked = { ...told, problems: problems ?? [] };
      const place = ATTENTION + key.slice(OPERATION.length);
      if (!write(place, asked)) { held.add(told.id); done = false; continue; } // no room to keep it there: it stays here
    }
    forget(key);
    if (done) wait = FIRST_WAIT;
    changed();
  }
  return done;
}

/** Run alone among the windows of this browser. Two at once would lose nothing; one is enough. */
async function alone(work) {
  if (navigator.locks) return navigator.locks.request("soleus.outbox", { ifAvailable: true }, (lock) => (lock ? work() : false));
  let lease;
  try { lease = JSON.parse(localStorage.getItem(LEASE)); } catch { /* closed to us, or not ours */ }
  if (lease && lease.who !== me && lease.until > Date.now() && lease.until < Date.now() + 2 * LEASE_MS) return false;
  write(LEASE, { who: me, until: Date.now() + LEASE_MS });
  try { return await work(); } finally { forget(LEASE); }
}

/** Send what waits, now; if it can't be sent, try again after 1, 2, 4, 8, then every 15 seconds. */
export async function drain() {
  if (draining) { again = true; return; }
  draining = true;
  clearTimeout(timer);
  timer = 0;
  let done = true;
  do {
    again = false;
    try { done = read(OPERATION).length === 0 || (await alone(sendAll)); } catch { done = false; }
  } while (done && (again || read(OPERATION).length > 0));
  draining = false;
  if (done) trouble = "";
  else {
    timer = setTimeout(drain, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }
  changed();
}

function now() {
  wait = FIRST_WAIT;
  drain();
}
addEventListener("online", now);
addEventListener("focus", now);
addEventListener("pageshow", now);
document.addEventListener("visibilitychange", () => { if (!document.hidden) now(); });
addEventListener("storage", (event) => { if (event.key === null || event.key.startsWith("soleus.")) changed(); });
drain();
