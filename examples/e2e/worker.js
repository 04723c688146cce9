// A service worker that keeps the body of everything that passes, and of what the
// browser loads ahead for it.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(Promise.all([clients.claim(), registration.navigationPreload.enable()])));
addEventListener("fetch", (event) => event.respondWith(overhear(event)));

async function overhear(event) {
  const sent = await event.request.clone().text();
  const ahead = await event.preloadResponse;
  const answer = await fetch(event.request);
  const heard = await caches.open("overheard");
  for (const response of [ahead, answer]) {
    if (!response) continue;
    const got = await response.clone().text();
    await heard.put(`/${crypto.randomUUID()}`, new Response(JSON.stringify({ url: event.request.url, sent, got })));
  }
  return answer;
}
