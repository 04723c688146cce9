// Chromium for stories told in Go: one line of JSON asks, one answers. Each
// browser of a story is a context of its own. What a page must never do is
// looked for on every page. TABS in the environment says how.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const how = JSON.parse(process.env.TABS); // chromium, lang, script, width, screenshots
const locales = { en: "en-GB", fr: "fr-FR" };
const browser = await chromium.launch({
  executablePath: how.chromium, headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const tabs = new Map();
let pictures = 0;

async function tab(id) {
  if (tabs.has(id)) return tabs.get(id);
  const context = await browser.newContext({
    locale: locales[how.lang], javaScriptEnabled: how.script, viewport: { width: how.width, height: 800 },
  });
  context.setDefaultTimeout(15_000);
  const t = { context, page: await context.newPage(), faults: [], status: 0 };
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.hostname !== "localhost") t.faults.push(`request to ${url}`);
  });
  context.on("weberror", (e) => t.faults.push(`exception: ${e.error()}`));
  context.on("console", (m) => {
    if (m.type() === "error" && !m.text().startsWith("Failed to load resource")) t.faults.push(`console: ${m.text()}`);
  });
  t.page.on("response", (response) => {
    if (new URL(response.url()).pathname === "/.sparekey/passkey") t.asked = true;
    if (response.request().isNavigationRequest() && response.frame() === t.page.mainFrame()) [t.status, t.asked] = [response.status(), false];
  });
  tabs.set(id, t);
  return t;
}

// shown is what the tab shows, and what is wrong with it. The page is asked by
// evaluate and not through a locator, for which each new page first has to read
// the whole of its helper: that took five times as long.
async function shown(t) {
  const { page } = t;
  const got = await page.evaluate(() => ({
    name: document.body.dataset.page ?? "", lang: document.documentElement.lang, titles: document.querySelectorAll("h1").length,
    width: document.scrollingElement.scrollWidth, html: document.documentElement.outerHTML,
  }));
  const { name } = got;
  if (name) {
    if (got.titles !== 1) t.faults.push(`${name}: not one h1`);
    if (got.lang !== how.lang) t.faults.push(`${name} is in ${got.lang}, not in ${how.lang}`);
    if (got.width > how.width) t.faults.push(`${name} scrolls sideways: ${got.width} px`);
    if (how.screenshots) {
      const path = `${how.screenshots}/${how.story}-${String(++pictures).padStart(3, "0")}-${name}-${how.lang}-${how.width}.png`;
      await page.screenshot({ path, fullPage: true });
    }
  }
  return { status: t.status, url: page.url(), html: got.html, file: t.file, faults: t.faults.splice(0) };
}

// leave does what leads to another page and waits for it.
async function leave(page, act) {
  await Promise.all([page.waitForEvent("domcontentloaded"), act()]);
}

const asked = {
  // look shows what people have typed, which is not in the HTML.
  async look(t) {
    await t.page.locator("input").evaluateAll((inputs) => inputs.forEach((i) => i.setAttribute("data-typed", i.value)));
  },
  // goesOn waits for a page to be left by its script.
  async goesOn(t, { url: page }) {
    await t.page.waitForFunction((left) => document.body && document.body.dataset.page !== left, page, { timeout: 20_000 });
    await t.page.waitForLoadState("domcontentloaded");
  },
  async get(t, { url }) {
    // To the same page with another fragment there is no navigation.
    if (url.includes("#")) await t.page.goto("about:blank");
    await t.page.goto(url, { waitUntil: "domcontentloaded" });
  },
  // post sends fields as a form of this site would.
  async post(t, { url, fields }) {
    await leave(t.page, () => t.page.evaluate(([action, pairs]) => {
      const form = document.createElement("form");
      form.method = "post";
      form.action = action;
      for (const [name, value] of pairs) {
        const input = document.createElement("input");
        input.type = "hidden";
        input.name = name;
        input.value = value;
        form.append(input);
      }
      (document.body ?? document.documentElement).append(form);
      form.submit();
    }, [url, fields]));
  },
  // fill does what a person does: the first form that has the first field, or
  // the button that says it, is filled in and sent by its button. In one go,
  // since each question to the page costs more than the page itself. What the
  // browser would object to is sent all the same: the server's answer is asked
  // for.
  async fill(t, { fields }) {
    await leave(t.page, () => t.page.evaluate((pairs) => {
      const forms = [...document.forms];
      const buttons = (f, [name, value]) => [...f.querySelectorAll("button[name]")].filter((b) => b.name === name && b.value === value);
      const inputs = (f, [name]) => [...f.elements].filter((e) => e.name === name && e.type !== "hidden");
      const form = forms.find((f) => buttons(f, pairs[0]).length) ?? forms.find((f) => inputs(f, pairs[0]).length);
      form.noValidate = true;
      let button = form.querySelector("button:not([type=button]):not([name])") ?? form.querySelector("button:not([type=button])");
      for (const pair of pairs) {
        const [pressed] = buttons(form, pair);
        const [field] = inputs(form, pair);
        if (pressed) button = pressed;
        else if (field?.type === "checkbox") field.checked = true;
        else if (field?.type === "radio") inputs(form, pair).find((e) => e.value === pair[1]).checked = true;
        else if (field) field.value = pair[1];
        field?.dispatchEvent(new Event("input", { bubbles: true }));
      }
      setTimeout(() => button.click());
    }, fields));
  },
};

// keep presses a button that hands out a file, and reads it.
asked.keep = async (t, { fields: [[name, value]] }) => {
  const [file] = await Promise.all([t.page.waitForEvent("download"), t.page.locator(`button[name="${name}"][value="${value}"]`).click()]);
  const parts = [];
  for await (const part of await file.createReadStream()) parts.push(part);
  t.file = Buffer.concat(parts).toString();
};

// Passkeys of a tab: Chromium's own device for tests. It lies still until somebody
// touches it, so that a page which waits for a passkey goes on waiting.
const still = (t, automatic) => t.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: t.device, enabled: automatic });

async function touched(t, act) {
  if (t.device) await still(t, true);
  try {
    await act();
  } finally {
    if (t.device) await still(t, false);
  }
}

Object.assign(asked, {
  async hold(t) {
    t.cdp ??= await t.context.newCDPSession(t.page);
    await t.cdp.send("WebAuthn.enable", { enableUI: false });
    ({ authenticatorId: t.device } = await t.cdp.send("WebAuthn.addVirtualAuthenticator", { options: {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: false,
    } }));
  },
  async lose(t) {
    await t.cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: t.device });
    t.device = undefined;
  },
  // touch presses the button of a passkey. Where nothing comes of it the page says so.
  // The sign-in page has asked for a suggestion by then: a device that is touched
  // before that takes it, and nobody has pressed anything.
  async touch(t, { fields }) {
    if (await t.page.evaluate(() => document.body.dataset.page === "sign-in")) {
      for (let n = 0; n < 100 && !t.asked; n++) await t.page.waitForTimeout(20);
      await t.page.waitForTimeout(100);
    }
    for (const [name, value] of fields) await t.page.locator(`[name="${name}"]:visible`).fill(value);
    const said = t.page.locator("[data-when]:visible").first().waitFor({ timeout: 10_000 }).catch(() => {});
    await touched(t, async () => {
      const left = t.page.waitForEvent("domcontentloaded", { timeout: 10_000 }).catch(() => {});
      await t.page.locator("button[data-go]:visible, form[data-ask] button:visible").click();
      await Promise.race([left, said]);
    });
  },
  // forgets waits until the device holds no passkey any more, as it was told.
  async forgets(t) {
    for (let n = 0; n < 100; n++) {
      const { credentials } = await t.cdp.send("WebAuthn.getCredentials", { authenticatorId: t.device });
      if (!credentials.length) return;
      await t.page.waitForTimeout(20);
    }
    throw new Error("the device still holds a passkey");
  },
  // suggested has the browser suggest a passkey among the names, and takes it.
  async suggested(t, { url }) {
    await touched(t, async () => {
      await t.page.goto(url, { waitUntil: "domcontentloaded" });
      await t.page.locator(`body:not([data-page="sign-in"])`).waitFor({ state: "attached" });
    });
  },
});

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  if (question.do === "close") {
    for (const t of tabs.values()) await t.context.close();
    tabs.clear();
    process.stdout.write("{}\n");
    continue;
  }
  try {
    const t = await tab(question.tab);
    how.story = question.story;
    await asked[question.do](t, question);
    answer = await shown(t);
  } catch (e) {
    answer = { error: String(e) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
