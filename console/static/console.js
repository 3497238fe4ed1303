// What little the console does in the browser. Every page can be read and used without it.
"use strict";

(() => {
  // Single letters are keys unless somebody has switched that off.
  const hasKeys = "keys" in document.body.dataset;
  const keys = document.getElementById("keys");
  if (hasKeys) {
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog[open]");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "?") keys?.showModal();
      if (key !== "j" && key !== "k") return;
      const rows = [...document.querySelectorAll("main tbody th a")];
      const at = rows.indexOf(document.activeElement);
      rows[key === "j" ? Math.min(at + 1, rows.length - 1) : Math.max(at - 1, 0)]?.focus();
    });
  }

  // The palette: "/" or Ctrl K opens it, arrows move, Enter goes; without script the same place leads to Explorer.
  const palette = document.getElementById("palette");
  const input = document.getElementById("palette-q");
  const options = () => [...(palette?.querySelectorAll("[role=option]") ?? [])].filter((one) => !one.parentElement.hidden);

  const select = (chosen) => {
    for (const one of palette.querySelectorAll("[role=option]")) one.setAttribute("aria-selected", String(one === chosen));
    if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
    else input.removeAttribute("aria-activedescendant");
  };

  const filter = () => {
    const wanted = input.value.trim().toLowerCase();
    for (const one of palette.querySelectorAll("[role=option]")) {
      if ("found" in one.parentElement.dataset) continue;
      one.parentElement.hidden = wanted !== "" && !one.textContent.toLowerCase().includes(wanted);
    }
    select(wanted ? options()[0] : null);
  };

  const open = () => {
    input.value = "";
    filter();
    palette.showModal();
    input.focus();
  };

  // The pages are those of the navigation: said once in the page.
  for (const [at, link] of document.querySelectorAll("#side .nav a").entries()) {
    const row = document.createElement("li");
    row.setAttribute("role", "presentation");
    const option = link.cloneNode(true);
    option.removeAttribute("aria-current");
    option.id = `palette-page-${at}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    row.append(option);
    document.getElementById("palette-list")?.append(row);
  }

  if (palette && input) {
    document.getElementById("find")?.addEventListener("click", (event) => {
      event.preventDefault();
      open();
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      const isFind = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing && hasKeys);
      if (!isFind || palette.open) return;
      event.preventDefault();
      open();
    });
    input.addEventListener("input", filter);
    // Members and kept views are asked for once somebody stops typing. It is a form: no name stands in an address.
    let asked = 0;
    const found = async () => {
      const wanted = input.value.trim();
      const mine = ++asked;
      await new Promise((done) => setTimeout(done, 200));
      if (mine !== asked) return;
      const body = new URLSearchParams(new FormData(input.form));
      const answer = wanted.length < 2 ? null : await fetch(palette.dataset.find, { method: "POST", body }).catch(() => null);
      const items = answer?.ok ? (await answer.json()).items : [];
      if (mine !== asked) return;
      for (const one of palette.querySelectorAll("[data-found]")) one.remove();
      const list = document.getElementById("palette-list");
      list.prepend(...items.map((item, at) => {
        const row = document.createElement("li");
        row.setAttribute("role", "presentation");
        row.dataset.found = "";
        const link = document.createElement("a");
        link.id = `palette-found-${at}`;
        link.href = item.href;
        link.setAttribute("role", "option");
        link.setAttribute("aria-selected", "false");
        const more = document.createElement("span");
        more.className = "sub";
        more.textContent = item.sub;
        link.append(item.text, " ", more);
        row.append(link);
        return row;
      }));
      select(options()[0]);
    };
    if (palette.dataset.find) input.addEventListener("input", found);
    input.addEventListener("keydown", (event) => {
      const shown = options();
      const at = shown.findIndex((one) => one.getAttribute("aria-selected") === "true");
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        if (shown.length) select(shown[(at + step + shown.length) % shown.length]);
      } else if (event.key === "Enter" && at >= 0) {
        event.preventDefault();
        location.assign(shown[at].href);
      }
    });
  }

  // What is still under way is looked at again, less and less often, until it has arrived or its seconds are over.
  const travelling = document.querySelector("[data-again]");
  if (travelling) {
    const until = Date.now() + 1000 * (Number(travelling.dataset.again) || 30);
    let pause = 500;
    const again = async () => {
      const html = await fetch(location.href, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(10000) })
        .then((answer) => (answer.ok ? answer.text() : null))
        .catch(() => null);
      if (html !== null) {
        const page = new DOMParser().parseFromString(html, "text/html");
        // Asked first: what is put into this page is gone from that one.
        const goesOn = page.querySelector("[data-again]") !== null;
        const fresh = page.getElementById("travel");
        if (fresh) document.getElementById("travel").replaceChildren(...fresh.childNodes);
        if (fresh && !goesOn) return;
      }
      pause = Math.min(1.2 * pause, 5000);
      if (Date.now() < until) setTimeout(again, pause);
    };
    setTimeout(again, pause);
  }

  // What is live is kept up by a stream: numbers change in their places, and nothing else moves. It can be paused.
  const now = document.querySelector("[data-live-from]");
  const bar = document.getElementById("live-bar");
  if (now && bar && "EventSource" in window) {
    const words = now.dataset;
    const said = document.createElement("span");
    said.className = "live";
    said.setAttribute("role", "status");
    const pause = document.createElement("button");
    pause.type = "button";
    pause.className = "btn sm";
    bar.append(said, pause);
    let stream = null;
    let seen = "";

    // Only what changed is said, for whoever listens to the page.
    const say = (text) => {
      if (said.textContent !== text) said.textContent = text;
    };

    const put = (html) => {
      const fresh = new DOMParser().parseFromString(html, "text/html");
      for (const one of fresh.querySelectorAll("[data-live]")) {
        const shown = now.querySelector(`[data-live="${CSS.escape(one.dataset.live)}"]`);
        if (!shown || shown.contains(document.activeElement)) continue;
        if (one.hasAttribute("class")) shown.setAttribute("class", one.getAttribute("class"));
        else shown.removeAttribute("class");
        // What stands in a picture is text; elsewhere it may be a chip or a link.
        if (shown instanceof SVGElement) shown.textContent = one.textContent;
        else if (shown.innerHTML !== one.innerHTML) shown.innerHTML = one.innerHTML;
      }
    };

    const listen = () => {
      pause.textContent = words.livePause;
      stream = new EventSource(words.liveFrom);
      stream.onmessage = (event) => {
        seen = new Date().toLocaleTimeString(document.documentElement.lang);
        said.dataset.state = "on";
        say(words.liveLive);
        put(event.data);
      };
      // The browser asks again by itself.
      stream.onerror = () => {
        said.dataset.state = "lost";
        if (seen) say(`${words.liveLost} ${seen}`);
      };
    };

    const stop = () => {
      stream?.close();
      stream = null;
      said.dataset.state = "paused";
      say(words.livePaused);
      pause.textContent = words.liveGoOn;
    };

    pause.addEventListener("click", () => (stream ? stop() : listen()));
    // A page that nobody sees asks for nothing.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && said.dataset.state !== "paused" && !stream) listen();
      else if (document.hidden && stream) {
        stream.close();
        stream = null;
      }
    });
    listen();
  }

  // A file is opened here and read into its field: what is sent is what one sees.
  for (const place of document.querySelectorAll("[data-open-into]")) {
    place.hidden = false;
    place.querySelector("input").addEventListener("change", async (event) => {
      const file = event.target.files[0];
      const isTooLarge = file && file.size > Number(place.dataset.maxBytes ?? Infinity);
      event.target.setCustomValidity(isTooLarge ? place.dataset.tooLarge : "");
      if (isTooLarge) event.target.reportValidity();
      if (!file || isTooLarge) return;
      const field = document.getElementById(place.dataset.openInto);
      // A picture is no text: it goes as the address that has it in itself.
      if (place.dataset.openAs !== "data") field.value = await file.text();
      else {
        const reader = new FileReader();
        const preview = document.getElementById(place.dataset.preview ?? "");
        reader.addEventListener("load", () => {
          field.value = reader.result;
          if (!preview) return;
          preview.src = reader.result;
          preview.hidden = false;
        });
        reader.readAsDataURL(file);
      }
    });
  }

  // What is done piece by piece goes on by itself; whoever stops it follows a link meanwhile.
  for (const form of document.querySelectorAll("[data-goes-on]")) form.requestSubmit();

  // Copying takes script, so the buttons come with it.
  for (const code of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn sm push";
    button.textContent = code.dataset.copy;
    if (code.ariaLabel) button.ariaLabel = `${code.dataset.copy}: ${code.ariaLabel}`;
    button.addEventListener("click", () => navigator.clipboard?.writeText(code.textContent));
    // Of two secrets in one panel each has its button beside its own name.
    code.previousElementSibling?.closest("[data-copy-place]")?.append(button);
  }
})();
