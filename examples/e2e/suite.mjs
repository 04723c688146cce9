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
  await stage.fill({ code: await alice.authenticator.code() });
  await stage.atApp(target);
}

async function signOut() {
  await stage.open("/.sparekey/account");
  await stage.at("account");
  await page.locator(`form[action="/.sparekey/logout"] button:not([name])`).click();
  await stage.at("signed-out");
  await page.locator("main a.main").click();
  await stage.at("sign-in", "sign-in-again");
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
  await followed(await take("mail", alice.mail, String.raw`(?m)^(https?://\S+/\.sparekey/stop#\S+)$`), "stop");
  await page.locator(`button[value="only"]`).waitFor();
  await stage.at("stop");
  await page.locator("main button.main").click();
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
