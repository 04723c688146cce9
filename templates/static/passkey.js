// Of pages that make or show a passkey: without this file they offer what else there is.
"use strict";

(() => {
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const able = Boolean(window.PublicKeyCredential && navigator.credentials);
  if (able) each("button[data-passkey]", (button) => { button.hidden = false; });

  const form = document.querySelector("form[data-ceremony]");
  if (!form) return;
  const opened = performance.now();

  // One of the sentences of the page; the others are hidden.
  const say = (name) => each("[data-when]", (part) => { part.hidden = part.dataset.when !== name; });

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const read = (json) => {
    const options = JSON.parse(json);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const list of [options.excludeCredentials, options.allowCredentials]) {
      for (const entry of list || []) entry.id = bytes(entry.id);
    }
    return options;
  };

  const written = (credential) => {
    const from = credential.response;
    const response = { clientDataJSON: text(from.clientDataJSON) };
    if (from.attestationObject) {
      response.attestationObject = text(from.attestationObject);
      response.transports = from.getTransports ? from.getTransports() : [];
    } else {
      response.authenticatorData = text(from.authenticatorData);
      response.signature = text(from.signature);
      if (from.userHandle) response.userHandle = text(from.userHandle);
    }
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: { credProps: credential.getClientExtensionResults().credProps },
    });
  };

  // A challenge ends after two minutes. Then a new one is asked for.
  const current = async () => {
    if (form.dataset.options && performance.now() - opened < form.dataset.left) return form.dataset.options;
    const answer = await fetch("/.sparekey/passkey", { method: "POST", body: new URLSearchParams({ flow: form.elements.flow.value }) });
    if (answer.ok) return answer.text();
    location.reload(); // the page says why
    return "";
  };

  const problems = {
    NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "held", SecurityError: "place",
    NotSupportedError: "none", ConstraintError: "none",
  };

  const ask = async () => {
    say("");
    const options = await current();
    if (!options) return; // the page comes anew
    const publicKey = read(options);
    const made = form.dataset.ceremony === "create"
      ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
    form.elements.code.value = written(made);
    form.submit();
  };

  const button = form.querySelector("button[data-go]");
  if (!able) return say("none");
  button.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!button.disabled) button.click();
  }, true);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ask();
    } catch (error) {
      say(problems[error.name] || "failed");
      button.disabled = false;
    }
  });
})();
