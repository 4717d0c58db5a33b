// Shows a diagram of the case: <div data-diagram="ADDRESS-OF-XML" data-done="a b" data-now="c" data-pause="d">.
// With data-gone='{"id": ["120", "2.5 d", 0]}' it shows what many cases have gone through instead.
// The same stands as an ordered list beside it, so nothing is lost without this file.
// The viewer's watermark stays visible, as its licence asks.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "./styles/diagram.css";

async function show(element) {
  const response = await fetch(element.dataset.diagram, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`diagram: ${response.status}`);
  const viewer = new NavigatedViewer({ container: element });
  await viewer.importXML(await response.text());
  if (element.dataset.gone) count(viewer, JSON.parse(element.dataset.gone));
  else mark(viewer, element.dataset);
  const canvas = viewer.get("canvas");
  canvas.zoom("fit-viewport", "auto");
  const first = element.dataset.gone ? Object.keys(JSON.parse(element.dataset.gone))[0] : (element.dataset.now || element.dataset.done || "").split(" ")[0];
  if (element.clientWidth < 600) centre(viewer, first);
  element.mjViewer = viewer;
  element.dispatchEvent(new CustomEvent("mj-diagram", { bubbles: true }));
}

function ids(text) {
  return (text || "").split(/\s+/).filter(Boolean);
}

// Classes done, now and pause, and a sign in the corner of the step: never colour alone.
export function mark(viewer, { done, now, pause }) {
  const canvas = viewer.get("canvas");
  const registry = viewer.get("elementRegistry");
  const overlays = viewer.get("overlays");
  overlays.clear();
  for (const element of registry.getAll()) {
    for (const name of ["done", "now", "pause"]) canvas.removeMarker(element, name);
  }
  for (const [name, sign, list] of [["done", "✔", done], ["now", "◉", now], ["pause", "❚❚", pause]]) {
    for (const id of ids(list)) {
      const element = registry.get(id);
      if (!element) continue;
      canvas.addMarker(element, name);
      const badge = document.createElement("span");
      badge.className = `mj-badge mj-badge--${name}`;
      badge.textContent = sign;
      badge.setAttribute("aria-hidden", "true");
      overlays.add(element, { position: { top: -10, right: 12 }, html: badge });
    }
  }
}

// How often and how long: {id: [number, time, width]}; on a line the number stands at its middle.
function count(viewer, gone) {
  const canvas = viewer.get("canvas");
  const registry = viewer.get("elementRegistry");
  const overlays = viewer.get("overlays");
  for (const [id, [number, time, width]] of Object.entries(gone)) {
    const element = registry.get(id);
    if (!element) continue;
    canvas.addMarker(element, width ? `gone-${width}` : "gone");
    const label = document.createElement("span");
    label.className = width ? "mj-gone mj-gone--line" : "mj-gone";
    label.textContent = time ? `${number} · ${time}` : number;
    label.setAttribute("aria-hidden", "true");
    const place = element.waypoints ? middle(element.waypoints) : { top: -12, left: 4 };
    overlays.add(element, { position: place, html: label });
  }
}

// The middle of the longest piece of a line, measured from the corner of the box around it.
function middle(points) {
  let best = 0, at = points[0];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    if (length > best) { best = length; at = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }; }
  }
  const [left, top] = [Math.min(...points.map((p) => p.x)), Math.min(...points.map((p) => p.y))];
  return { left: at.x - left - 10, top: at.y - top - 20 };
}

function centre(viewer, id) {
  const element = viewer.get("elementRegistry").get(id);
  if (!element) return;
  const canvas = viewer.get("canvas");
  canvas.zoom(0.8);
  const box = canvas.viewbox();
  canvas.viewbox({ x: element.x + element.width / 2 - box.width / 2, y: element.y + element.height / 2 - box.height / 2, width: box.width, height: box.height });
}

function draw(element) {
  element.classList.add("drawn");
  show(element).catch(() => { element.hidden = true; element.classList.remove("drawn"); });
}

document.querySelectorAll("[data-diagram]").forEach(draw);
window.mjMark = mark;
window.mjShow = draw;
