// One sign-in for several hosts, in a real browser. It is started by
// TestBrowserAtAPortal, which says in E2E where everything is.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Stage } from "./stage.mjs";

const place = JSON.parse(process.env.E2E); // base, lang, photos, album, cats, port, plain, codes, password, returns
const hosts = [place.photos, place.album, place.cats, place.port, place.plain];
const stage = await Stage.open({ ...place, hosts, script: true, flags: ["--host-resolver-rules=MAP * 127.0.0.1"] });
const { page, context } = stage;
const target = "/trip?id=7&sort=a%26b";

async function signIn(label) {
  await stage.at("sign-in", label);
  await stage.fill({ name: "alice", password: place.password });
  await stage.at("factor", `${label}-factor`);
  await stage.press("method", "recovery_code");
  await stage.fill({ code: place.codes.pop() });
}

// everywhere is one sign-in: neighbours, another domain, another port, a host that
// is open, and one for others.
async function everywhere() {
  await stage.open(place.photos + target);
  await signIn("portal-sign-in");
  await stage.atApp(target, place.photos);
  for (const origin of [place.cats, place.port]) {
    await stage.open(origin + target);
    await stage.atApp(target, origin);
  }
  await stage.open(`${place.plain}/x`);
  assert.equal(JSON.parse(await page.locator("body").innerText()).Header["Remote-User"], undefined);
  await stage.open(`${place.album}/`);
  await stage.at("forbidden", "portal-forbidden", place.album);
  await stage.open(`${place.photos}/.sparekey/account`);
  await stage.at("account", "portal-account");
  const names = (await context.cookies()).filter(({ name }) => name.includes("sparekey"));
  for (const { name, domain } of names) assert.ok(name.startsWith("__Host-sparekey") && !domain.startsWith("."), `${name} of ${domain}`);
}

// together opens tabs of a host at the same time, as a browser does that was
// closed with them.
async function together() {
  await context.clearCookies({ domain: new URL(place.photos).hostname });
  const tabs = await Promise.all([1, 2, 3, 4, 5].map(() => context.newPage()));
  await Promise.all(tabs.map((tab, i) => tab.goto(`${place.photos}/tab?n=${i}`)));
  for (const [i, tab] of tabs.entries()) {
    await tab.waitForURL(`${place.photos}/tab?n=${i}`);
    await tab.close();
  }
}

// signedOut at one host is signed out at all; what its pages ask for in the
// background is told where to sign in; and a ticket of before asks again.
async function signedOut() {
  await context.clearCookies({ domain: new URL(place.cats).hostname });
  const tickets = [];
  page.on("request", (request) => request.url().includes("/.sparekey/enter?t=") && tickets.push(request.url()));
  await stage.open(place.cats + target);
  await stage.atApp(target, place.cats);
  assert.equal(tickets.length, 1);
  await stage.open(`${place.album}/`);
  await stage.at("forbidden", "portal-forbidden-again", place.album);
  await page.locator("form button.main").click();
  await stage.at("signed-out", "portal-signed-out", place.album);
  await stage.open(`${place.plain}/x`);
  await stage.open(tickets[0]);
  await stage.at("refused", "portal-enter-again", place.cats);
  await page.locator("main a.main").click();
  await signIn("portal-sign-in-again");
  await page.waitForURL(`${place.cats}/`);
}

// background is asked by a page that stays open while its session ends.
async function background() {
  await stage.open(`${place.photos}/`);
  await stage.atApp("/", place.photos);
  const other = await context.newPage();
  await other.goto(`${place.base}/.sparekey/account`);
  await other.locator(`form[action="/.sparekey/logout"] button:not([name])`).click();
  await other.locator(`body[data-page="signed-out"]`).waitFor();
  await other.close();
  const answer = await page.evaluate(async () => {
    const response = await fetch("/api");
    return { status: response.status, body: await response.json() };
  });
  assert.equal(answer.status, 401);
  assert.ok(answer.body.sign_in.startsWith(`${place.base}/.sparekey/login?`), answer.body.sign_in);
}

// spellings are read by the browser's own parser: what the portal lets through
// leads to a protected host or stays at the portal.
async function spellings() {
  const text = await readFile(place.returns, "utf8");
  const lines = text.trim().split("\n").map((line) => [line.slice(0, line.indexOf(" ")), JSON.parse(line.slice(line.indexOf(" ") + 1))]);
  const origins = await page.evaluate((targets) => targets.map((target) => {
    try {
      return new URL(target, "https://login.example.com/.sparekey/login").origin;
    } catch {
      return "none";
    }
  }), lines.map(([, spelled]) => spelled));
  const allowed = ["https://login.example.com", "https://photos.example.com", "https://album.name.duckdns.org", "https://nas.home:8443"];
  for (const [i, [verdict, spelled]] of lines.entries()) {
    if (verdict === "stays") assert.ok(allowed.includes(origins[i]), `${JSON.stringify(spelled)} leads to ${origins[i]}`);
  }
  assert.ok(origins.filter((origin) => !allowed.includes(origin)).length > 150, "spellings that lead elsewhere");
}

try {
  await everywhere();
  await together();
  await signedOut();
  await background();
  await spellings();
} finally {
  await stage.close();
}
