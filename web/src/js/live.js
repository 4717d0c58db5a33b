// A page that stands open keeps its numbers fresh: every part marked data-part is asked for again and put
// in place of the old one, and the page says so as soon as it cannot. Without this file there is a link.
import { revealScripts } from "./page.js";

const shown = new WeakMap();
const words = document.documentElement.lang === "en"
  ? { lost: (at) => `No connection: this page shows how things stood at ${at}. It is tried again.`,
      out: (at) => `You are signed out: this page shows how things stood at ${at}. Load it again to sign in.` }
  : { lost: (at) => `连接断了，页面停在${at}的样子，正在重新连接。`,
      out: (at) => `已经退出登录，页面停在${at}的样子。刷新后重新登录。` };

function clock(at) {
  return `${at.getHours()}:${String(at.getMinutes()).padStart(2, "0")}`;
}

function busy(part) {
  return part.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), textarea, select");
}

// What the reader has in hand stays: the element with the focus, and what is ticked.
function replace(part, fresh) {
  if (shown.get(part) === fresh.innerHTML || busy(part)) return;
  shown.set(part, fresh.innerHTML);
  const held = part.contains(document.activeElement) ? document.activeElement : null;
  const ticked = [...part.querySelectorAll("input[name]:checked")].map((input) => `${input.name}=${input.value}`);
  part.replaceChildren(...fresh.childNodes);
  revealScripts();
  let last = null;
  for (const input of part.querySelectorAll("input[type=checkbox][name]")) {
    if (ticked.includes(`${input.name}=${input.value}`)) (last = input).checked = true;
  }
  last?.dispatchEvent(new Event("change", { bubbles: true }));
  if (!held) return;
  const same = [...part.querySelectorAll("a, button, input, [tabindex]")].find((each) =>
    each.tagName === held.tagName && each.getAttribute("href") === held.getAttribute("href")
    && each.name === held.name && each.value === held.value);
  same?.focus({ preventScroll: true });
}

export function live() {
  const root = document.querySelector("[data-live]");
  if (!root) return;
  const note = document.querySelector("[data-live-note]");
  const wait = Number(root.dataset.live) * 1000;
  let fresh = new Date();
  let timer = 0;
  const say = (text) => {
    if (note.textContent !== text) note.textContent = text;
    note.hidden = !text;
  };
  const poll = async () => {
    clearTimeout(timer);
    timer = setTimeout(poll, wait);
    if (document.hidden) return;
    try {
      const response = await fetch(location.href, {
        credentials: "same-origin", redirect: "error", headers: { "X-Requested-With": "fetch", "X-Poll": "1" }, signal: AbortSignal.timeout?.(wait),
      });
      if (!response.ok) throw response;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const part of root.querySelectorAll("[data-part]")) {
        const found = page.querySelector(`[data-part="${part.dataset.part}"]`);
        if (found) replace(part, found);
      }
      fresh = new Date();
      say("");
    } catch (failed) {
      say((failed.status === 401 ? words.out : words.lost)(clock(fresh)));
    }
  };
  timer = setTimeout(poll, wait);
  for (const event of ["online", "offline"]) window.addEventListener(event, poll);
  document.addEventListener("visibilitychange", poll);
}
