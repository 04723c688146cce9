// Conveniences only: every page works without this file.
"use strict";

(() => {
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

  // A mailed secret travels in the fragment, which no server, log or Referer
  // sees. It is put into the field, never sent by itself: a person presses.
  const fillFromFragment = () => {
    if (location.hash.length < 2) return;
    let fragment = location.hash.slice(1);
    try {
      fragment = decodeURIComponent(fragment);
    } catch {
      // Not percent-encoded after all: taken as it is.
    }
    each("input[data-fragment]", (field) => {
      field.value = fragment;
      each("[data-unfilled]", (part) => { part.hidden = true; });
      each("[data-filled]", (part) => { part.hidden = false; });
      field.form.querySelector("button.main").focus();
    });
    each("a[data-keep-fragment]", (link) => {
      link.hash = location.hash;
    });
    // The place inside the page that was asked for survives the sign-in.
    each("form[data-return-fragment] input[name=return]", (field) => {
      field.value = field.value.split("#")[0] + location.hash;
    });
  };
  fillFromFragment();
  addEventListener("hashchange", fillFromFragment);

  each("button.show", (button) => {
    const field = button.parentElement.querySelector("input");
    const show = (visible) => {
      field.type = visible ? "text" : "password";
      button.textContent = visible ? button.dataset.hide : button.dataset.show;
    };
    button.hidden = false;
    button.setAttribute("aria-controls", field.id);
    button.addEventListener("click", () => show(field.type === "password"));
    // A browser may remember what it believes to be ordinary text.
    field.form.addEventListener("submit", () => show(false));
  });

  const textOf = (selector) => {
    const codes = document.querySelectorAll(selector + " code");
    return Array.from(codes, (code) => code.textContent.trim()).join("\n") + "\n";
  };

  each("button[data-copy]", (button) => {
    if (!navigator.clipboard) return;
    const label = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(textOf(button.dataset.copy).trimEnd());
      button.textContent = button.dataset.done;
      setTimeout(() => {
        button.textContent = label;
      }, 3000);
    });
  });

  each("button[data-download]", (button) => {
    const list = document.querySelector(button.dataset.download);
    button.hidden = false;
    button.addEventListener("click", () => {
      const text = list.dataset.head + "\n\n" + textOf(button.dataset.download);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
      link.download = list.dataset.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  });

  each("button[data-print]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });

  // The app sets its programs up again when it is next opened.
  each("button[data-past-workers]", (button) => {
    if (!navigator.serviceWorker) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const workers = await navigator.serviceWorker.getRegistrations();
      await Promise.all(workers.map((worker) => worker.unregister()));
      // An address with a fragment, which the server does not know, is ours already.
      if (location.hash) location.reload();
      else location.replace(button.dataset.pastWorkers);
    });
  });

  // A form that is on its way is not sent once more by a second press. A page that
  // comes back from the browser's memory may be pressed again.
  each("form", (form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      setTimeout(() => delete form.dataset.sent, 10_000); // nothing came of it
    });
  });

  // What the browser keeps of a page is shown to nobody: who was signed in may
  // have signed out.
  addEventListener("pagehide", (event) => {
    document.documentElement.hidden = event.persisted;
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    if (location.hash) location.reload();
    else location.replace(location.href);
  });

  // The browser, or whatever keeps its passkeys, forgets those that are not accepted
  // any more, where it can be told.
  const tell = (name, part, what) => each(part, (element) => {
    if (window.PublicKeyCredential && PublicKeyCredential[name]) PublicKeyCredential[name](JSON.parse(what(element))).catch(() => {});
  });
  tell("signalAllAcceptedCredentials", "[data-held]", (element) => element.dataset.held);
  tell("signalUnknownCredential", "[data-unknown]", (element) => element.dataset.unknown);

  // Following the link, not reloading: a form is never sent again unasked.
  each("a[data-retry]", (link) => {
    setTimeout(() => location.replace(link.href), link.dataset.retry * 1000);
  });

  // The server does not know the visitor's time zone; the browser does. It also knows how
  // people write a date where the language of the page is spoken in several ways.
  const language = document.documentElement.lang;
  const spoken = navigator.languages.find((code) => code.split("-")[0] === language) || language;
  each("time[data-local]", (time) => {
    const day = !time.dateTime.includes("T"); // of no zone: everywhere the same
    const style = day ? { dateStyle: "long", timeZone: "UTC" } : { dateStyle: "long", timeStyle: "short" };
    time.textContent = new Date(time.dateTime).toLocaleString(spoken, style);
  });
})();
