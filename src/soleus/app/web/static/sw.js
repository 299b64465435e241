// Keeps the night page and its files for when the server does not answer. It keeps nothing else: no page with what is
// in the diary, no answer of the API. VERSION and ASSETS are set by the server in front of this.
const CACHE = `soleus-night-${VERSION}`;
const PAGE = "/night";
const LONGEST_MS = 1500; // a person with a cramp waits no longer; the server on the same table answers in 20

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...ASSETS])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("soleus-night-") && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

async function fetchPage(request) {
  const cache = await caches.open(CACHE);
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), LONGEST_MS);
  try {
    const response = await fetch(request, { signal: stop.signal });
    if (response.ok && !response.redirected) await cache.put(PAGE, response.clone());
    if (response.status < 500) return response;
  } catch { /* no answer: what was kept is shown */ } finally {
    clearTimeout(late);
  }
  return (await cache.match(PAGE)) ?? fetch(request);
}

async function fetchAsset(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? fetch(request);
}

self.addEventListener("fetch", (event) => {
  const { request } = event, address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate" && address.pathname === PAGE && !address.search) event.respondWith(fetchPage(request));
  else if (ASSETS.includes(address.pathname + address.search)) event.respondWith(fetchAsset(request));
});
