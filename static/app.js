// Comfort on top of pages that work without it. What is kept is kept in this browser alone.
const root = document.body.dataset.root;
const store = {
  get(name, otherwise) {
    try { return JSON.parse(localStorage.getItem("epsilon-" + name)) ?? otherwise; } catch { return otherwise; }
  },
  set(name, value) {
    try { localStorage.setItem("epsilon-" + name, JSON.stringify(value)); } catch { /* no storage */ }
  },
};
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// colours: as the system, light, dark
const themes = ["system", "light", "dark"];
const shownTheme = () => document.documentElement.dataset.theme ?? "system";
function showTheme() {
  const button = document.querySelector("[data-theme-switch]");
  const name = shownTheme();
  button.setAttribute("aria-label", "Colours: " + (name === "system" ? "as the system" : name));
  button.firstElementChild.textContent = { system: "◐", light: "○", dark: "●" }[name];
}
function nextTheme() {
  const next = themes[(themes.indexOf(shownTheme()) + 1) % themes.length];
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try { localStorage.setItem("epsilon-theme", next); } catch { /* no storage */ }
  showTheme();
}

// the reading list
const kept = () => store.get("reading", []);
function toggleKept(id, title) {
  const list = kept();
  store.set("reading", list.some((p) => p.id === id) ? list.filter((p) => p.id !== id) : [...list, { id, title }]);
  showKept();
}
function showKept() {
  const ids = new Set(kept().map((paper) => paper.id));
  for (const button of all("[data-keep]")) {
    button.setAttribute("aria-pressed", ids.has(button.dataset.keep));
    button.textContent = ids.has(button.dataset.keep) ? "Kept" : "Keep";
  }
  const count = document.querySelector(".kept-count");
  count.hidden = !ids.size;
  count.textContent = ids.size;
  const list = document.querySelector("[data-reading-list] .reading");
  if (!list) return;
  document.querySelector("[data-reading-empty]").hidden = ids.size > 0;
  document.querySelector("[data-reading-actions]").hidden = !ids.size;
  list.replaceChildren(...kept().map((paper) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = root + "papers/" + encodeURIComponent(paper.id);
    link.textContent = paper.title;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "plain", textContent: "Remove" });
    button.setAttribute("aria-label", "Remove " + paper.title);
    button.addEventListener("click", () => toggleKept(paper.id, paper.title));
    item.append(link, " ", button);
    return item;
  }));
}

// what is new since the last visit: a visit ends after an hour without a page
function showNew() {
  const now = Date.now();
  const visit = store.get("visit", { before: 0, last: now });
  if (now - visit.last > 3600e3) visit.before = visit.last;
  visit.last = now;
  store.set("visit", visit);
  if (!visit.before) return;
  const since = new Date(visit.before).toISOString();
  for (const card of all("[data-published]")) {
    if (card.dataset.published && card.dataset.published >= since.slice(0, card.dataset.published.length)) {
      card.classList.add("is-new");
    }
  }
  const note = document.querySelector("[data-new-since]");
  const count = all(".is-new").length;
  if (note && count) {
    note.hidden = false;
    note.textContent = `· ${count} of the newest since your last visit (only this browser knows when that was)`;
  }
}

// suggestions while typing
let asked = 0;
function listFor(input) {
  const box = input.closest(".box");
  let list = box.querySelector(".suggestions");
  if (!list) {
    list = document.createElement("ul");
    list.className = "suggestions";
    list.id = "suggestions";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
    box.append(list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", "suggestions");
    input.setAttribute("aria-expanded", "false");
  }
  return list;
}
function closeSuggestions(input) {
  const list = listFor(input);
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}
async function suggest(input) {
  const list = listFor(input);
  const typed = input.value.trim();
  const turn = ++asked;
  if (typed.length < 2) return closeSuggestions(input);
  const answer = await fetch(`${root}api/v1/suggest?q=${encodeURIComponent(typed)}`).catch(() => null);
  if (turn !== asked || !answer?.ok || document.activeElement !== input) return;
  const { suggestions } = await answer.json();
  list.replaceChildren(...suggestions.map((found, number) => {
    const item = document.createElement("li");
    item.id = "suggestion-" + number;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.url = found.url;
    const kind = document.createElement("span");
    kind.className = "quiet";
    kind.textContent = found.kind;
    const label = document.createElement("span");
    label.className = "what";
    label.dir = "auto";
    label.textContent = found.label;
    item.append(label, " ", kind);
    return item;
  }));
  list.hidden = !suggestions.length;
  input.setAttribute("aria-expanded", String(suggestions.length > 0));
}
function moveSuggestion(input, step) {
  const list = listFor(input);
  const items = all("li", list);
  if (list.hidden || !items.length) return false;
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  const next = (at + step + items.length + 1) % (items.length + 1);
  items.forEach((item, number) => item.setAttribute("aria-selected", String(number === next)));
  if (next < items.length) input.setAttribute("aria-activedescendant", items[next].id);
  else input.removeAttribute("aria-activedescendant");
  return true;
}
let waiting;
document.addEventListener("input", (event) => {
  if (event.target.id === "q") {
    clearTimeout(waiting);
    waiting = setTimeout(() => suggest(event.target), 120);
  }
  if (event.target.matches("[data-within]")) {
    const wanted = event.target.value.toLowerCase();
    for (const item of all("li", event.target.closest("details"))) {
      item.hidden = !item.textContent.toLowerCase().includes(wanted);
    }
  }
});
document.addEventListener("focusout", (event) => {
  if (event.target.id === "q") setTimeout(() => closeSuggestions(event.target), 150);
});
document.addEventListener("submit", (event) => {
  asked++;
  clearTimeout(waiting);
  const input = event.target.querySelector?.("#q");
  if (input) closeSuggestions(input);
});

// clicks
document.addEventListener("mousedown", (event) => {
  const item = event.target.closest(".suggestions li");
  if (item) location.href = item.dataset.url;
});
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches("[data-theme-switch]")) nextTheme();
  if (button.matches("[data-help]")) document.getElementById("help").showModal();
  if (button.dataset.keep) toggleKept(button.dataset.keep, button.dataset.title);
  if (button.matches("[data-reading-clear]")) { store.set("reading", []); showKept(); }
  if (button.dataset.copy) {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }
  if (button.dataset.fold) {
    const rows = document.getElementById("kids-" + button.dataset.fold);
    const open = rows.classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
  }
});

// keys
const keysOn = () => store.get("keys", true);
function go(step) {
  const links = all(".card-title a");
  if (!links.length) return;
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step))].focus();
}
document.addEventListener("keydown", (event) => {
  const input = event.target;
  if (input.id === "q") {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && moveSuggestion(input, step)) event.preventDefault();
    if (event.key === "Escape") closeSuggestions(input);
    const chosen = input.getAttribute("aria-activedescendant");
    if (event.key === "Enter" && chosen) {
      event.preventDefault();
      location.href = document.getElementById(chosen).dataset.url;
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || input.matches("input:not([type=checkbox]), select, textarea")) return;
  if (!keysOn() || document.querySelector("dialog[open]")) return;
  if (event.key === "/") { event.preventDefault(); const box = document.getElementById("q"); box.focus(); box.select(); }
  if (event.key === "?") document.getElementById("help").showModal();
  if (event.key === "j") go(1);
  if (event.key === "k") go(-1);
  if (event.key === "n") document.querySelector(".pager [rel=next]")?.click();
  if (event.key === "p") document.querySelector(".pager [rel=prev]")?.click();
  if (event.key === "s") (input.closest("[data-paper]") ?? document.querySelector(".paper"))?.querySelector("[data-keep]")?.click();
});

// htmx: after a swap the controls say what the address says, the new cards know what is kept, and the focus never
// falls to nowhere; on another page it is above the papers again
function settleControls() {
  document.title = document.querySelector(".changing").dataset.title;
  const found = document.getElementById("found");
  if (!found) return;
  for (const box of all("input[type=checkbox]", found)) box.checked = box.defaultChecked;
  for (const option of all("option", found)) option.selected = option.defaultSelected;
  for (const input of [document.getElementById("q"), ...all("input[type=number]", found)]) {
    if (input !== document.activeElement) input.value = input.id === "q" ? found.dataset.q : input.defaultValue;
  }
}
document.addEventListener("htmx:after:swap", () => {
  settleControls();
  showKept();
  showNew();
  if (document.activeElement === document.body || document.activeElement.closest(".pager")) document.getElementById("total")?.focus({ preventScroll: true });
});
document.addEventListener("htmx:after:history:restore", showKept);

const keys = document.querySelector("[data-keys-on]");
keys.checked = keysOn();
keys.addEventListener("change", () => store.set("keys", keys.checked));
showTheme();
showKept();
showNew();
