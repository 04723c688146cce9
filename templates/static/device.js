// Of the page that waits to be let in: it works without this file, too.
"use strict";

(() => {
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

  // A page that waits asks every few seconds whether there is something new, and
  // then shows it once. It gives up when a request is over anyway.
  each("[data-watch]", (part) => {
    const until = Date.now() + 330_000;
    const look = async () => {
      try {
        const answer = await fetch(part.dataset.watch, { method: "HEAD" });
        if (answer.status === 205) return location.reload();
      } catch {
        // Asked again.
      }
      if (Date.now() < until) setTimeout(look, 3000);
    };
    setTimeout(look, 3000);
  });
  each("form[data-now]", (form) => form.requestSubmit());
})();
