// The console's own elements. Each works without the others, and every page works without all of them. They are elements, so
// that they wake up by themselves wherever a part of a page is exchanged.

const each = (root, selector, act) => root.querySelectorAll(selector).forEach(act);
const store = (key, value) => { try { sessionStorage.setItem(key, value); } catch { /* not allowed: nothing is remembered */ } };
const stored = (key) => { try { return sessionStorage.getItem(key); } catch { return null; } };

// <copy-text data-text data-done><button>: copies a text.
customElements.define("copy-text", class extends HTMLElement {
  connectedCallback() { this.addEventListener("click", this); }
  disconnectedCallback() { this.removeEventListener("click", this); }
  async handleEvent() {
    await copy(this.dataset.text);
    say(this.querySelector("button"), this.dataset.done);
  }
});

// <print-page hidden><button>: prints the page. Whoever has no script has the browser's own way.
customElements.define("print-page", class extends HTMLElement {
  connectedCallback() { this.hidden = false; this.addEventListener("click", this); }
  disconnectedCallback() { this.removeEventListener("click", this); }
  handleEvent() { print(); }
});

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

// Shows for a moment that something was done, also to those who cannot see it.
function say(button, text) {
  if (!button) return;
  const note = document.createElement("span");
  note.className = "copied";
  note.setAttribute("role", "status");
  note.textContent = text;
  button.after(note);
  setTimeout(() => note.remove(), 1500);
}

// <live-state data-src data-on data-off>: listens to what changes while the page can be seen, and tells the others. The address
// says up to where the page knows what there is; whoever listens again says up to where they have heard.
const AGAIN = 10_000;
customElements.define("live-state", class extends HTMLElement {
  connectedCallback() {
    document.addEventListener("visibilitychange", this);
    addEventListener("pagehide", this);
    addEventListener("pageshow", this);
    this.open();
  }
  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this);
    removeEventListener("pagehide", this);
    removeEventListener("pageshow", this);
    this.close();
  }
  handleEvent(event) {
    if (event.type === "pagehide" || document.hidden) this.close(); else this.open();
  }
  open() {
    if (this.source || document.hidden) return;
    clearTimeout(this.waiting);
    const address = new URL(this.dataset.src, location);
    if (this.heard) address.searchParams.set("after", this.heard);
    this.source = new EventSource(address);
    this.source.addEventListener("open", () => this.tell(true));
    this.source.addEventListener("error", () => this.fail());
    for (const name of ["changed", "again"]) {
      this.source.addEventListener(name, (event) => {
        this.heard = event.lastEventId || this.heard;
        document.dispatchEvent(new CustomEvent(`live:${name}`, { detail: event.data }));
      });
    }
  }
  // A browser tries again by itself where nobody answers, but not where somebody refuses, as a proxy does during an update.
  fail() {
    this.tell(false);
    if (this.source?.readyState !== EventSource.CLOSED) return;
    this.source = null;
    this.waiting = setTimeout(() => this.open(), AGAIN);
  }
  close() {
    clearTimeout(this.waiting);
    this.source?.close();
    this.source = null;
    this.tell(false);
  }
  tell(on) {
    this.toggleAttribute("data-live", on);
    const label = this.querySelector(".wide");
    if (label) label.textContent = on ? this.dataset.on : this.dataset.off;
  }
});

// <live-pill data-one data-many data-again><a><span>: counts what changed, and changes nothing on the page until it is pressed.
customElements.define("live-pill", class extends HTMLElement {
  connectedCallback() {
    this.ids = new Set();
    document.addEventListener("live:changed", this);
    document.addEventListener("live:again", this);
    this.addEventListener("click", this);
  }
  disconnectedCallback() {
    document.removeEventListener("live:changed", this);
    document.removeEventListener("live:again", this);
  }
  handleEvent(event) {
    if (event.type === "click") return this.press(event);
    if (event.type === "live:changed") this.ids.add(event.detail);
    const { one, many, again } = this.dataset;
    const counted = this.ids.size === 1 ? one : many.replace("#", this.ids.size);
    this.querySelector("span").textContent = this.ids.size ? counted : again;
    this.hidden = false;
  }
  async press(event) {
    if (!window.htmx || !document.querySelector("main.listpage")) return;
    event.preventDefault();
    const ticked = [...document.querySelectorAll("row-select tbody tr:has(:checked)")].map((row) => row.id);
    const scroll = document.querySelector(".scroll");
    const top = scroll?.scrollTop ?? 0;
    await htmx.ajax("GET", location.pathname + location.search, { target: "#main", swap: "innerMorph" });
    this.ids.clear();
    this.hidden = true;
    for (const id of ticked) {
      const box = document.getElementById(id)?.querySelector("input[type=checkbox]");
      if (box) box.checked = true;
    }
    document.querySelector("row-select")?.count();
    const after = document.querySelector(".scroll");
    if (after) after.scrollTop = top;
  }
});

// A page about one thing is drawn anew where it changed. What is open stays open, and what is typed stays typed.
let due = 0;
const redraw = () => {
  if (!document.querySelector("main [data-redraw]") || !window.htmx) return;
  clearTimeout(due);
  due = setTimeout(() => {
    htmx.ajax("GET", location.pathname + location.search, { target: "#main", swap: "innerMorph" });
  }, 250);
};
document.addEventListener("live:changed", redraw);
document.addEventListener("live:again", redraw);

// <row-select data-selected>: ticks rows, several with Shift, and copies what is ticked.
customElements.define("row-select", class extends HTMLElement {
  connectedCallback() { this.addEventListener("click", this); this.count(); }
  disconnectedCallback() { this.removeEventListener("click", this); }
  boxes() { return [...this.querySelectorAll("tbody input[type=checkbox]")]; }
  handleEvent(event) {
    const box = event.target.closest("input[type=checkbox]");
    const button = event.target.closest("[data-copy]");
    if (button) this.copy(button);
    if (!box) return;
    const boxes = this.boxes();
    if (box.hasAttribute("data-all")) boxes.forEach((other) => { other.checked = box.checked; });
    else {
      const [from, to] = [boxes.indexOf(this.last), boxes.indexOf(box)].sort((a, b) => a - b);
      if (event.shiftKey && from >= 0) boxes.slice(from, to + 1).forEach((other) => { other.checked = box.checked; });
      this.last = box;
    }
    this.count();
  }
  count() {
    const boxes = this.boxes();
    const ticked = boxes.filter((box) => box.checked).length;
    const all = this.querySelector("[data-all]");
    if (all) { all.checked = ticked > 0 && ticked === boxes.length; all.indeterminate = ticked > 0 && ticked < boxes.length; }
    const picked = this.querySelector(".picked");
    if (!picked) return;
    picked.hidden = ticked === 0;
    picked.querySelector(".sel").textContent = this.dataset.selected.replace("#", ticked);
  }
  async copy(button) {
    const rows = [...this.querySelectorAll("tbody tr:has(:checked)")];
    const whole = (row) => [...row.cells].slice(1).map((cell) => cell.innerText.trim().replace(/\s+/g, " ")).join("\t");
    const line = button.dataset.copy === "code" ? (row) => row.dataset.code : whole;
    await copy(rows.map(line).join("\n"));
    say(button, this.dataset.done);
  }
});

// <draft-guard data-text>: asks before what was typed is left behind.
customElements.define("draft-guard", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", this);
    this.addEventListener("submit", this);
    addEventListener("beforeunload", this);
  }
  disconnectedCallback() { removeEventListener("beforeunload", this); }
  handleEvent(event) {
    if (event.type === "input") this.typed = true;
    else if (event.type === "submit") this.typed = false;
    else if (this.typed) event.preventDefault();
  }
});

// <list-keys>: keys by their place on the keyboard, so that they work while Hangul is typed. Single letters can be switched
// off (WCAG 2.1.4).
customElements.define("list-keys", class extends HTMLElement {
  connectedCallback() {
    document.addEventListener("keydown", this);
    document.addEventListener("click", this);
    this.comeBack();
  }
  disconnectedCallback() {
    document.removeEventListener("keydown", this);
    document.removeEventListener("click", this);
  }
  links() { return [...document.querySelectorAll("main tbody a.name")]; }
  handleEvent(event) {
    if (event.type === "click") return this.leave(event);
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (typing || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.documentElement.dataset.keys === "off") return;
    if (this.act(event)) event.preventDefault();
  }
  act(event) {
    const going = this.going && Date.now() - this.going < 1500;
    this.going = 0;
    if (going) return this.press(`[data-go=${event.code}]`);
    if (event.code === "KeyG") { this.going = Date.now(); return true; }
    if (event.code === "Slash" && event.shiftKey) { document.getElementById("keys")?.togglePopover(); return true; }
    if (event.code === "KeyJ" || event.code === "KeyK") return this.move(event.code === "KeyJ" ? 1 : -1);
    if (event.code === "KeyX") return this.tick();
    if (event.code === "KeyO") return this.open();
    if (event.shiftKey) return false;
    const target = document.querySelector(`[data-key=${CSS.escape(event.code)}]`);
    if (!target) return false;
    if (target.matches("input, textarea")) target.focus(); else target.click();
    return true;
  }
  press(selector) {
    const target = document.querySelector(selector);
    target?.click();
    return Boolean(target);
  }
  move(step) {
    const links = this.links();
    const at = links.indexOf(document.activeElement?.closest?.("tr")?.querySelector("a.name"));
    const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
    return Boolean(next);
  }
  tick() {
    const box = document.activeElement?.closest?.("tr")?.querySelector("input[type=checkbox]");
    box?.click();
    return Boolean(box);
  }
  open() {
    const link = document.activeElement?.closest?.("tr")?.querySelector("a.name");
    link?.click();
    return Boolean(link);
  }
  // Whoever comes back to a list finds the row from which they left.
  leave(event) {
    const row = event.target.closest?.("main tbody tr[id]");
    if (!row || !event.target.closest("a")) return;
    store("left", JSON.stringify({ list: location.href, row: row.id, top: document.querySelector(".scroll")?.scrollTop ?? 0 }));
  }
  comeBack() {
    const left = JSON.parse(stored("left") ?? "null");
    each(document, "a[data-back]", (link) => { if (left?.list.includes("/merchants")) link.href = left.list; });
    if (left?.list !== location.href) return;
    const scroll = document.querySelector(".scroll");
    if (scroll) scroll.scrollTop = left.top;
    document.getElementById(left.row)?.querySelector("a.name")?.focus({ preventScroll: true });
  }
});

// <job-progress data-src data-state>: how far a job is, while the page can be seen. Where more than numbers changed, the page is
// drawn anew.
customElements.define("job-progress", class extends HTMLElement {
  connectedCallback() {
    if (!this.dataset.src) return;
    document.addEventListener("visibilitychange", this);
    this.handleEvent({ type: "visibilitychange" });
  }
  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this);
    this.close();
  }
  close() {
    this.source?.close();
    this.source = null;
  }
  handleEvent(event) {
    if (event.type === "progress") return this.show(JSON.parse(event.data));
    if (document.hidden) return this.close();
    if (this.source) return;
    this.source = new EventSource(this.dataset.src);
    this.source.addEventListener("progress", this);
  }
  show({ state, ended_at, counts }) {
    const text = (number) => number.toLocaleString("en-US");
    const ended = counts.done + counts.failed + counts.cancelled;
    this.querySelector("progress").value = ended;
    this.querySelector("[data-ended]").textContent = text(ended);
    each(this, "[data-count]", (count) => { count.textContent = text(counts[count.dataset.count]); });
    if (state === this.dataset.state && !ended_at) return;
    this.close();
    location.reload();
  }
});
