// The story of a lost phone in a real browser. It is started by TestBrowser,
// which says in E2E where everything is.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Authenticator } from "./authenticator.mjs";
import { Stage } from "./stage.mjs";

const place = JSON.parse(process.env.E2E); // base, setup, props, lang, script, redis, chromium, screenshots
const alice = { name: "alice", mail: "alice@example.org", phone: "+41791234567", password: "correct horse staple" };
const album = "/album?id=7&sort=a%26b";
const stage = await Stage.open(place);
const { page } = stage;

const stopLink = String.raw`(?m)^(https?://\S+/\.sparekey/stop#\S+)$`;

// take waits for a message and returns what is in the parentheses of match.
async function take(channel, to, match) {
  const answer = await fetch(`${place.props}/${channel}?${new URLSearchParams({ to, match })}`);
  assert.equal(answer.status, 200, `message to ${to} with ${match}`);
  return (await answer.json())[1];
}

// followed opens a link whose secret is in its fragment and sends it: put into
// the field by the script, which hides the field then, or by hand.
async function followed(link, name) {
  await stage.open(link);
  await stage.at(name, `${name}-link`);
  const secret = new URL(link).hash.slice(1);
  const field = page.locator("input[name=code]");
  assert.equal(await field.inputValue(), place.script ? secret : "", "the code in the field");
  assert.equal(await field.isVisible(), !place.script, "whether there is a field to be filled in");
  if (!place.script) await field.fill(secret);
  await page.locator("form", { has: field }).locator("button.main").click();
}

async function enrolled() {
  await stage.at("choice", "choice-factor");
  await stage.press("method", "totp");
  await stage.at("enroll");
  const qr = await page.locator(".scan svg").boundingBox();
  assert.ok(qr.width >= 150 && Math.abs(qr.width - qr.height) < 2, `size of the QR code: ${qr.width}x${qr.height}`);
  alice.authenticator = new Authenticator(await page.locator(".secret").innerText());
  await stage.fill({ code: "000000" });
  await stage.at("enroll", "enroll-wrong");
  await stage.fill({ code: await alice.authenticator.code() });
  await stage.at("codes");
  await saved();
  await stage.press("choice", "saved");
}

// saved wants ten codes, and the same ten from the buttons.
async function saved() {
  alice.codes = await page.locator(".codes code").allInnerTexts();
  assert.equal(new Set(alice.codes).size, 10, "recovery codes");
  if (!place.script) return;
  await page.locator("[data-copy]").click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.deepEqual(copied.split("\n"), alice.codes, "copied codes");
  const waiting = page.waitForEvent("download");
  await page.locator("[data-download]").click();
  const download = await waiting;
  assert.match(download.suggestedFilename(), /\.txt$/);
  const text = await readFile(await download.path(), "utf8");
  for (const code of alice.codes) assert.ok(text.includes(code), `code ${code} in the downloaded file`);
}

async function setUp() {
  await stage.open("/");
  await stage.at("setup", "setup-code");
  await followed(place.setup, "setup");
  await stage.at("setup", "setup-form");
  await stage.fill({ name: alice.name, mail: alice.mail, phone: alice.phone, new_password: "password" });
  await stage.at("setup", "setup-wrong");
  await stage.fill({ name: alice.name, mail: alice.mail, phone: alice.phone, new_password: alice.password });
  await stage.at("confirm", "confirm-mail");
  await stage.fill({ code: await take("mail", alice.mail, String.raw`(?m)^\s+(\d{6})$`) });
  await stage.at("confirm", "confirm-phone");
  await stage.fill({ code: await take("sms", alice.phone, String.raw`(?m)^@\S+ #(\d{6})$`) });
  await enrolled();
  await stage.atApp("/");
}

async function signIn() {
  const target = place.script ? `${album}#photo-3` : album;
  await stage.open(target);
  await stage.at("sign-in");
  await stage.fill({ name: alice.name, password: "not my password" });
  await stage.at("sign-in", "sign-in-wrong");
  await stage.fill({ name: alice.name, password: alice.password });
  await stage.at("factor", "factor-totp");
  await stage.press("method", "recovery_code");
  await stage.at("factor", "factor-recovery-code");
  await stage.press("method", "totp");
  const code = await alice.authenticator.code();
  if (!place.script) {
    await stage.fill({ code });
    await stage.atApp(target);
    return;
  }
  const sent = await pressedTwice({ code });
  await stage.atApp(target);
  assert.equal(sent.length, 1, `two presses sent ${sent}`);
  page.removeAllListeners("request");
}

// signOut goes back afterwards: the browser must not show what it has kept.
async function signOut() {
  await stage.open(album);
  await stage.atApp(album);
  await stage.open("/.sparekey/account");
  await stage.at("account");
  await page.locator(`form[action="/.sparekey/logout"] button:not([name])`).click();
  await stage.at("signed-out");
  await page.goBack();
  await stage.at("sign-in", "sign-in-back");
  await page.goBack();
  await stage.at("sign-in", "sign-in-back-to-the-app");
  await stage.open("/.sparekey/logout");
  await stage.at("signed-out");
  await page.locator("main a.main").click();
  await stage.at("sign-in", "sign-in-again");
}

// installed opens the page of the app that has a service worker, and waits until
// it is in between.
async function installed() {
  await stage.open("/worker");
  await page.waitForFunction(() => navigator.serviceWorker.controller);
}

// throughWorker is an app with a service worker that keeps whatever it hears. It
// hears nothing of ours that is worth keeping, and people get past it, another
// window of the app open or not.
async function throughWorker() {
  await stage.open("/.sparekey/account/recovery");
  await page.locator(`form:has(input[name=start][value=new_codes]) button`).click();
  await stage.at("factor", "factor-step-up");
  await stage.press("method", "recovery_code");
  await stage.fill({ code: alice.codes[0] });
  await stage.at("codes", "codes-new");
  const codes = await page.locator(".codes code").allInnerTexts();
  const step = page.url();
  await installed();
  const app = await stage.context.newPage();
  await app.goto(`${stage.base}/worker`);
  await app.waitForFunction(() => navigator.serviceWorker.controller);
  await stage.open(step);
  await stage.at("worker");
  await page.locator("[data-past-workers]").click();
  await stage.at("codes", "codes-past-the-worker");
  await app.close();
  await installed();
  await stage.context.clearCookies({ name: /^sparekey-\d+$/ }); // signed out, in a browser that is known
  await stage.open(album);
  await stage.at("sign-in", "sign-in-through-worker");
  await stage.fill({ name: alice.name, password: alice.password });
  await stage.at("worker", "worker-step");
  await page.locator("[data-past-workers]").click();
  await stage.at("factor", "factor-past-the-worker");
  await stage.press("method", "recovery_code");
  await stage.fill({ code: alice.codes[1] });
  await stage.atApp(album);
  await overheard([...codes, ...alice.codes]);
  await take("mail", alice.mail, stopLink); // of the notice that a code was used
}

// overheard looks at what the worker has kept.
async function overheard(secrets) {
  await installed();
  const heard = await page.evaluate(async () => {
    const kept = await caches.open("overheard");
    return Promise.all((await kept.keys()).map(async (key) => (await kept.match(key)).json()));
  });
  const ours = heard.filter(({ url }) => url.startsWith(`${stage.base}/.sparekey/`) && !url.includes("/static/"));
  assert.ok(ours.some(({ got }) => got.includes(`data-page="worker"`)), "the worker heard nothing: it was not in between");
  for (const { url, got } of ours) assert.ok(!/<form|otpauth|<svg xmlns/.test(got), `the worker heard of ${url}: ${got}`);
  for (const secret of secrets) {
    assert.ok(!heard.some(({ sent, got }) => sent.includes(secret) || got.includes(secret)), `the worker heard ${secret}`);
  }
  await page.evaluate(async () => {
    for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
  });
}

// pressedTwice sends one form. It returns what the browser has sent since.
async function pressedTwice(fields) {
  const sent = [];
  page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
  for (const [name, value] of Object.entries(fields)) await page.locator(`[name="${name}"]`).fill(value);
  await page.locator("form button.main").first().dblclick();
  return sent;
}

async function lostPhone() {
  await page.locator(`main a[href*="/.sparekey/recover"]`).click();
  await stage.at("recover");
  await stage.fill({ name: alice.name });
  await stage.at("sent");
  await stage.fill({ code: "AAAA-BBBB" });
  await stage.at("sent", "sent-wrong");
  await followed(await take("mail", alice.mail, String.raw`(?m)^(https?://\S+/\.sparekey/link#\S+)$`), "confirm");
  await stage.at("choice");
  await stage.press("choice", "second_factor");
  await stage.at("factor", "factor-password");
  await stage.fill({ password: alice.password });
  await stage.at("factor", "factor-sms");
  await stage.fill({ code: await take("sms", alice.phone, String.raw`(?m)^@\S+ #(\d{6})$`) });
  const old = alice.codes;
  await enrolled();
  assert.ok(!alice.codes.some((code) => old.includes(code)), "an old recovery code is still shown");
  await stage.at("sign-in", "sign-in-recovered");
}

// away takes the store away and gives it back: the page says so, nobody is
// signed out, and with scripts it goes on by itself.
async function away() {
  await stage.open(album);
  await stage.atApp(album);
  assert.equal((await fetch(`${place.props}/redis/stop`)).status, 200);
  await stage.open(album);
  await stage.at("unavailable");
  assert.equal((await fetch(`${place.props}/redis/start`)).status, 200);
  await stage.atApp(album);
}

// lockedOut is somebody who guesses, and pages that are not there.
async function lockedOut() {
  await stage.open("/.sparekey/nothing");
  await stage.at("refused");
  await stage.open("/.sparekey/login");
  for (let i = 0; i < 10 && (await stage.name()) === "sign-in"; i++) {
    await stage.fill({ name: "mallory", password: `guess number ${i}` });
    await page.waitForLoadState();
  }
  await stage.at("slow-down");
}

// closed follows "this wasn't me" out of the notice of the recovery.
async function closed() {
  await followed(await take("mail", alice.mail, stopLink), "stop");
  await page.locator(`button[value="only"]`).waitFor();
  await stage.at("stop");
  await page.locator(`main form button:not([value="only"])`).click();
  await stage.at("stop", "stop-done");
  await stage.open("/");
  await stage.at("sign-in", "sign-in-after-stop");
  await stage.fill({ name: alice.name, password: alice.password });
  await stage.at("sign-in", "sign-in-locked");
}

try {
  await setUp();
  await signOut();
  await signIn();
  if (place.redis) await away();
  // Chromium takes no worker from a site whose certificate it does not trust.
  if (place.script && place.base.startsWith("http:")) await throughWorker();
  await signOut();
  await lostPhone();
  await signIn();
  await stage.open("/.sparekey/account");
  await stage.at("account", "account-probation");
  await lockedOut();
  await closed();
} finally {
  await stage.close();
}
