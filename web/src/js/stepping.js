// The player of a case: arrow keys step, "run" steps by itself, and only what changes is exchanged; the diagram
// stays and is marked anew. Every control is a link or leads to one, so the pages work without this file.
import { revealScripts } from "./page.js";

const PACE = 2500;
let timer = 0;
let said = null;

const player = () => document.querySelector(".mj-player");
const link = (step) => player()?.querySelector(`a[data-step=${step}]`);

function say(text) {
  if (!said) {
    said = Object.assign(document.createElement("p"), { className: "mj-vh" });
    said.setAttribute("aria-live", "polite");
    document.body.appendChild(said);
  }
  said.textContent = text;
}

function label() {
  const button = player()?.querySelector("[data-run]");
  if (!button) return;
  button.textContent = timer ? button.dataset.off : button.dataset.on;
  button.setAttribute("aria-pressed", timer ? "true" : "false");
}

function pause() {
  clearTimeout(timer);
  timer = 0;
  label();
}

// The drawing itself stays while the diagram is the same one.
function keepDiagram(main) {
  const old = document.querySelector("[data-diagram]");
  const fresh = main.querySelector("[data-diagram]");
  if (!fresh) return null;
  if (!old?.mjViewer || old.dataset.diagram !== fresh.dataset.diagram) return fresh;
  Object.assign(old.dataset, { done: fresh.dataset.done, now: fresh.dataset.now, pause: fresh.dataset.pause });
  fresh.replaceWith(old);
  window.mjMark?.(old.mjViewer, old.dataset);
  return null;
}

async function go(address, push = true) {
  const held = document.activeElement?.closest("[data-step], [data-run]");
  const step = held?.dataset.step || (held ? "next" : "");
  let page;
  try {
    const response = await fetch(address, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
    if (!response.ok || response.redirected) throw response;
    page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.querySelector(".mj-player")) throw page;
  } catch {
    location.href = address;
    return;
  }
  const running = held?.matches("[data-run]");
  const open = [...document.querySelectorAll("main details")].map((each) => each.open);
  const main = page.querySelector("main");
  const drawing = keepDiagram(main);
  const top = window.scrollY;
  player().replaceWith(page.querySelector(".mj-player"));
  document.querySelector("main").replaceWith(main);
  document.title = page.title;
  if (push) history.pushState({}, "", address);
  if (drawing) window.mjShow?.(drawing);
  revealScripts();
  label();
  window.scrollTo(0, top);
  const all = document.querySelectorAll("main details");
  if (all.length === open.length) all.forEach((each, place) => { each.open = open[place]; });
  if (running) player().querySelector("[data-run]")?.focus({ preventScroll: true });
  else if (step) (link(step) || link("prev") || link("next"))?.focus({ preventScroll: true });
  say(player().dataset.said || "");
}

async function run() {
  const next = link("next");
  if (!next) return pause();
  await go(next.href);
  if (!timer) return;
  timer = link("next") ? setTimeout(run, PACE) : 0;
  label();
}

export function stepping() {
  if (!player()) return;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, pre, .mj-diagram")) return;
    const step = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (!step) return;
    pause();
    const target = link(step);
    if (target) go(target.href);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-run]")) {
      if (timer) return pause();
      timer = setTimeout(run, 0);
      return label();
    }
    const target = event.target.closest(".mj-player a");
    if (!target || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    pause();
    go(target.href);
  });
  window.addEventListener("popstate", () => { pause(); go(location.href, false); });
}
