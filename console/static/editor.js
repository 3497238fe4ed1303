// The programme's editor: colours and numbers of lines, checking while somebody writes, and completion. Without it the
// text is a field of a form, and buttons check, mend and publish.
"use strict";

(() => {
  const form = document.getElementById("programme");
  const text = document.getElementById("text");
  const editor = document.getElementById("editor");
  if (!form || !text || !editor) return;
  const CHECK_AFTER_MS = 400;
  const words = editor.dataset;

  // What is written, line by line, behind the field: its letters can not be seen there.
  const picture = document.createElement("pre");
  picture.setAttribute("aria-hidden", "true");
  editor.classList.remove("plain");
  text.classList.remove("code-input");
  editor.prepend(picture);
  let isChanged = "unsaved" in words;
  let shown = [];
  let wrong = new Map();

  const piece = (className, value) => {
    const made = document.createElement("span");
    if (className) made.className = className;
    made.textContent = value;
    return made;
  };

  const COLOURS = /(#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(^\s*(?:- )?[A-Za-z_]\w*(?=:(?:\s|$))|(?<=[{,]\s?)[A-Za-z_]\w*(?=:(?:\s|$)))|(?<![\w.])(-?\d+(?:\.\d+)?)(?![\w.])/g;

  const coloured = (line) => {
    const parts = [];
    let at = 0;
    for (const found of line.matchAll(COLOURS)) {
      if (found[1] && found.index > 0 && !/\s/.test(line[found.index - 1])) continue;
      const kind = found[1] ? "c" : found[2] ? "s" : found[3] ? "k" : "v";
      parts.push(document.createTextNode(line.slice(at, found.index)), piece(kind, found[0]));
      at = found.index + found[0].length;
    }
    parts.push(document.createTextNode(line.slice(at)));
    return parts;
  };

  const made = (line, mark) => {
    const row = piece("l", "");
    if (mark) {
      row.dataset.bad = "";
      const [from, length] = mark;
      row.append(line.slice(0, from), piece("e", line.slice(from, from + length) || " "), line.slice(from + length));
    } else {
      row.append(...coloured(line));
    }
    if (!line) row.append(" ");
    return row;
  };

  // Only lines that are not as they were are drawn again.
  const draw = () => {
    const lines = text.value.split("\n");
    text.rows = Math.max(lines.length + 1, 18);
    lines.forEach((line, index) => {
      const mark = wrong.get(index + 1);
      const key = `${mark ?? ""}|${line}`;
      if (shown[index] === key) return;
      const row = made(line, mark);
      if (picture.children[index]) picture.children[index].replaceWith(row);
      else picture.append(row);
      shown[index] = key;
    });
    while (picture.children.length > lines.length) picture.lastChild.remove();
    shown.length = lines.length;
  };

  const places = (said) => {
    wrong = new Map();
    for (const one of said.trim().split(/\s+/).filter(Boolean)) {
      const [line, column, length] = one.split(":").map(Number);
      if (!wrong.has(line)) wrong.set(line, [column - 1, length]);
    }
  };

  const fields = (more) => {
    const said = new URLSearchParams(new FormData(form));
    for (const [name, value] of Object.entries(more)) said.set(name, value);
    return said;
  };

  // Checking: the last text that was written is the one that is answered for.
  let waiting = null;
  let asking = null;

  const asked = async (address, how) => {
    const answer = await fetch(address, how).catch(() => null);
    return new DOMParser().parseFromString(answer ? await answer.text() : "", "text/html");
  };

  // Whoever signed in again, in another tab, has other forms than this page was made with.
  const renew = async () => {
    const page = await asked("/programme/edit", {});
    const token = page.querySelector("#programme [name=form_token]");
    if (token) form.elements.form_token.value = token.value;
    return token !== null;
  };

  // Whether it was checked: a text that was written meanwhile is checked by whoever wrote it.
  const check = async ({ again = true } = {}) => {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    const page = await asked("/programme/edit/check", { method: "POST", body: fields({}), signal });
    if (signal.aborted) return false;
    if (!page.querySelector("[data-part]")) {
      if (again && (await renew())) return check({ again: false });
      document.getElementById("state").textContent = words.lost;
      return false;
    }
    for (const fresh of page.querySelectorAll("[data-part]")) {
      const place = document.getElementById(fresh.dataset.part);
      if (place.innerHTML !== fresh.innerHTML) place.innerHTML = fresh.innerHTML;
      if (fresh.dataset.part === "problems") places(fresh.dataset.places);
    }
    if (wrong.size) text.setAttribute("aria-invalid", "true");
    else text.removeAttribute("aria-invalid");
    draw();
    return true;
  };

  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(check, CHECK_AFTER_MS);
  };

  // Completion: a list below the cursor, of what scoring says may stand there.
  const list = document.createElement("ul");
  list.id = "offers";
  list.className = "offers";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", words.offers);
  list.hidden = true;
  editor.append(list);
  const said = document.createElement("span");
  said.className = "sr";
  said.setAttribute("role", "status");
  editor.after(said);
  text.setAttribute("aria-autocomplete", "list");
  text.setAttribute("aria-controls", "offers");
  let from = 1;

  const cursor = () => {
    const before = text.value.slice(0, text.selectionStart).split("\n");
    return { line: before.length, column: before.at(-1).length + 1 };
  };

  const close = () => {
    list.hidden = true;
    text.removeAttribute("aria-activedescendant");
  };

  const choose = (index) => {
    const options = [...list.children];
    const at = (index + options.length) % options.length;
    options.forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
    text.setAttribute("aria-activedescendant", options[at].id);
    options[at].scrollIntoView({ block: "nearest" });
  };

  const chosen = () => [...list.children].findIndex((one) => one.getAttribute("aria-selected") === "true");

  // As if it had been typed, so that it can be undone.
  const put = (start, end, value) => {
    text.focus();
    text.setSelectionRange(start, end);
    if (!document.execCommand("insertText", false, value)) {
      text.setRangeText(value, start, end, "end");
      text.dispatchEvent(new Event("input"));
    }
  };

  const take = (index) => {
    const { column } = cursor();
    const end = text.selectionStart;
    close();
    put(end - (column - from), end, list.children[index].dataset.text);
    if (list.children[index].dataset.kind === "field") offer();
  };

  const offer = async () => {
    const { line, column } = cursor();
    const answer = await fetch("/programme/edit/complete", { method: "POST", body: fields({ line, column }) }).catch(() => null);
    const found = answer?.ok ? await answer.json() : { items: [] };
    const now = cursor();
    if (now.line !== line || now.column !== column) return;
    from = found.column;
    said.textContent = found.items.length ? words.more.replace("{count}", found.items.length) : words.none;
    if (!found.items.length) {
      close();
      return;
    }
    list.replaceChildren(
      ...found.items.map((one, index) => {
        const option = document.createElement("li");
        option.id = `offer-${index}`;
        option.setAttribute("role", "option");
        option.dataset.text = one.text;
        option.dataset.kind = one.kind;
        const about = piece("sub", one.detail);
        about.lang = "en";
        option.append(piece("", one.text), about);
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(index);
        });
        return option;
      }),
    );
    list.style.top = `calc(var(--s-3) + ${line} * 1.6em)`;
    list.style.left = `calc(3.5rem + ${Math.min(from - 1, 40)}ch)`;
    list.hidden = false;
    choose(0);
  };

  text.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      offer();
    } else if (!list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      choose(chosen() + (event.key === "ArrowDown" ? 1 : -1));
    } else if (!list.hidden && event.key === "Enter") {
      event.preventDefault();
      take(chosen());
    } else if (!list.hidden && event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.shiftKey && !event.isComposing) {
      // The next line begins where this one does, or further in after a colon.
      const line = text.value.slice(0, text.selectionStart).split("\n").at(-1);
      const [, indent, item] = line.match(/^(\s*)(- )?/);
      event.preventDefault();
      put(text.selectionStart, text.selectionEnd, `\n${indent}${item ? "  " : ""}${line.endsWith(":") ? "  " : ""}`);
    }
  });
  text.addEventListener("blur", close);
  text.addEventListener("input", () => {
    isChanged = true;
    draw();
    later();
    const { line, column } = cursor();
    const typed = text.value.split("\n")[line - 1][column - 2] ?? "";
    if (!list.hidden && /[\w.]/.test(typed)) offer();
    else close();
  });

  // A problem leads to its place; a button mends it here, as if it had been typed.
  const placeOf = (line, column) => text.value.split("\n").slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  const follow = (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link) return;
    event.preventDefault();
    const at = placeOf(Number(link.dataset.line), Number(link.dataset.column));
    text.focus();
    text.setSelectionRange(at, at);
    picture.children[Number(link.dataset.line) - 1]?.scrollIntoView({ block: "center" });
  };
  document.getElementById("tried")?.addEventListener("click", follow);
  document.getElementById("problems").addEventListener("click", (event) => {
    follow(event);
    const mend = event.target.closest("button[data-mend]");
    if (mend) {
      const [, line, old, right] = mend.value.match(/^(\d+):([^:]+):(.+)$/) ?? [];
      const at = text.value.indexOf(old, placeOf(Number(line), 1));
      if (!line || at < 0) return;
      event.preventDefault();
      put(at, at + old.length, right);
      check();
    }
  });

  // What was typed is not lost by going away, nor by being sent when nobody takes it: it is checked first.
  let isSent = false;
  form.addEventListener("submit", async (event) => {
    if (isSent) {
      isChanged = false;
      return;
    }
    event.preventDefault();
    clearTimeout(waiting);
    const deed = event.submitter?.name;
    if (!(await check()) || !["publish", "save", "try"].includes(deed)) return;
    // The check may have put another button in its place.
    const button = document.querySelector(`[form=programme][name=${deed}]`);
    if (button.hasAttribute("aria-disabled")) return;
    isSent = true;
    form.requestSubmit(button);
  });
  window.addEventListener("beforeunload", (event) => {
    if (isChanged) event.preventDefault();
  });

  places(document.getElementById("problems").dataset.places);
  draw();
})();
