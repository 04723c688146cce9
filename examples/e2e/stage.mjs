import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const widths = [320, 360, 1280]; // CSS pixels
const locales = { en: "en-GB", fr: "fr-FR" };

// A fresh Chromium that looks at every page: what a page must never do is
// checked once, here.
export class Stage {
  #faults = [];

  static async open(options) {
    const stage = new Stage();
    Object.assign(stage, options); // base, lang, script, chromium, screenshots; hosts, flags
    stage.folder = await mkdtemp(join(tmpdir(), "e2e-profile-"));
    stage.context = await chromium.launchPersistentContext(stage.folder, {
      executablePath: stage.chromium, args: [...flags, ...(stage.flags ?? [])], headless: true,
      ignoreDefaultArgs: ["--disable-back-forward-cache"], // people's browsers have it
      locale: locales[stage.lang], javaScriptEnabled: stage.script, permissions: ["clipboard-read", "clipboard-write"],
      viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true,
    });
    stage.context.setDefaultTimeout(15_000);
    await stage.#watch();
    stage.page = stage.context.pages()[0];
    return stage;
  }

  async close() {
    await this.context.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #watch() {
    if (this.script) {
      await this.context.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (e) => {
          console.error(`CSP: ${e.violatedDirective} blocks ${e.blockedURI}`);
        });
      });
    }
    this.context.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol !== "blob:" && url.origin !== this.base && !this.hosts?.includes(url.origin)) this.#faults.push(`request to ${url}`);
    });
    this.context.on("weberror", (e) => this.#faults.push(`exception: ${e.error()}`));
    this.context.on("console", (message) => {
      if (message.type() === "error" && !ordinary(message)) this.#faults.push(`console: ${message.text()}`);
    });
  }

  // at wants the browser to show a page of ours, and looks at it. With a label
  // it is photographed. origin is the host it has to be at.
  async at(name, label = name, origin = this.base) {
    const { page } = this;
    await page.locator(`body[data-page="${name}"]`).waitFor({ state: "attached" }).catch(async () => {
      assert.fail(`got page ${await this.name()} at ${page.url()}, want ${name}\n${await page.locator("body").innerText()}`);
    });
    assert.equal(await page.locator("h1").count(), 1, `h1 on ${label}`);
    assert.equal(await page.locator("html").getAttribute("lang"), this.lang, `language of ${label}`);
    assert.equal(new URL(page.url()).origin, origin);
    assert.equal(await page.locator("[data-copy], [data-download], button.show").filter({ visible: !this.script }).count(), 0,
      `buttons on ${label} that need scripts and are ${this.script ? "hidden" : "shown"}`);
    for (const width of widths) await this.#look(label, width);
    await page.setViewportSize({ width: 1280, height: 800 });
    assert.deepEqual(this.#faults, [], `faults on ${label}`);
  }

  async #look(label, width) {
    const { page } = this;
    await page.setViewportSize({ width, height: 800 });
    const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
    assert.ok(wide <= width, `${label} scrolls sideways at ${width} px: ${wide} px`);
    if (!this.screenshots || width === 320) return;
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const path = join(this.screenshots, `${label}-${this.lang}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true, animations: "disabled" });
    }
    await page.emulateMedia({ colorScheme: null });
  }

  async name() {
    return await this.page.locator("body").getAttribute("data-page");
  }

  // atApp wants to be at the app, at exactly this address.
  async atApp(uri, origin = this.base) {
    await this.page.waitForURL(origin + uri);
    await this.page.locator("body:not([data-page])").waitFor(); // pages of ours may stand at the same address
    const echo = JSON.parse(await this.page.locator("body").innerText());
    assert.equal(echo.URI, uri.replace(/#.*/, ""));
    assert.deepEqual(echo.Header["Remote-User"], ["alice"]);
    assert.deepEqual(this.#faults, [], `faults on the way to ${uri}`);
  }

  async open(path) {
    await this.page.goto(path.startsWith("http") ? path : this.base + path);
  }

  // fill types into the fields of the form that has them, and presses its
  // main button.
  async fill(fields) {
    const form = this.page.locator("form", { has: this.page.locator(`[name="${Object.keys(fields)[0]}"]:not([type=hidden])`) });
    for (const [name, value] of Object.entries(fields)) await form.locator(`[name="${name}"]`).fill(value);
    await form.locator("button.main").click();
  }

  async press(name, value) {
    await this.page.locator(`button[name="${name}"][value="${value}"]`).first().click();
  }
}

// A page that comes with an error status is told on the console by Chromium
// itself.
function ordinary(message) {
  const here = message.page()?.url().replace(/#.*/, "");
  return /^Failed to load resource: .* status of (401|403|404|422|429|503)/.test(message.text()) && message.location().url.replace(/#.*/, "") === here;
}
