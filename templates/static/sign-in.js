// Of the sign-in page, where a passkey stands for name and password: without this file
// it has those two only.
"use strict";

(() => {
  const form = document.querySelector("form[data-ask]");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // What toJSON of a credential gives, which not all password managers have.
  const written = ({ id, rawId, type, response }) => JSON.stringify({
    id, rawId: text(rawId), type, clientExtensionResults: {},
    response: {
      clientDataJSON: text(response.clientDataJSON), authenticatorData: text(response.authenticatorData),
      signature: text(response.signature), userHandle: response.userHandle ? text(response.userHandle) : undefined,
    },
  });

  // One of the sentences of the form; the others are hidden.
  const say = (name) => form.querySelectorAll("[data-when]").forEach((part) => { part.hidden = part.dataset.when !== name; });
  const problems = { NotAllowedError: "none", AbortError: "none", SecurityError: "place", NotSupportedError: "place" };

  // A question is good for five minutes. Nothing is kept of it before somebody answers.
  const renewed = 4 * 60_000;
  let options, asked = -renewed, waiting, pressed = false;
  const stale = () => performance.now() - asked >= renewed;

  const ask = async () => {
    const answer = await fetch(form.dataset.ask, { method: "POST", body: new URLSearchParams(), redirect: "error" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    options = await answer.json();
    options.challenge = bytes(options.challenge);
    asked = performance.now();
  };

  // A browser answers one question of a page at a time: a newer one ends the other.
  const show = async (more) => {
    if (waiting) waiting.abort();
    const own = waiting = new AbortController();
    const shown = await navigator.credentials.get({ publicKey: options, signal: own.signal, ...more });
    const keep = document.querySelector("input[type=checkbox][name=remember]");
    form.elements.remember.value = keep && keep.checked ? "1" : "";
    form.elements.code.value = written(shown);
    form.requestSubmit();
  };

  // Passkeys among the names that the browser suggests, where it can.
  const suggest = async () => {
    if (document.hidden || pressed || !stale()) return;
    asked = performance.now(); // also where nothing comes of it: asked again later
    try {
      await ask();
      if (!PublicKeyCredential.isConditionalMediationAvailable || !await PublicKeyCredential.isConditionalMediationAvailable()) return;
      if (!pressed) await show({ mediation: "conditional" });
    } catch {
      // The button says why.
    }
  };

  const button = form.querySelector("button");
  form.hidden = button.hidden = false;
  button.addEventListener("click", async () => {
    pressed = button.disabled = true;
    say("");
    try {
      if (!options || stale()) await ask();
      await show({});
    } catch (fault) {
      say(problems[fault.name] || "failed");
    }
    pressed = button.disabled = false;
    asked = -renewed;
    suggest();
  });
  document.addEventListener("visibilitychange", suggest);
  setInterval(suggest, 15_000);
  suggest();
})();
