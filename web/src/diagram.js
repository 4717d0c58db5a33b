// Shows a diagram of the case: <div data-diagram="ADDRESS-OF-XML" data-done="a b" data-now="c" data-pause="d">.
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
  mark(viewer, element.dataset);
  const canvas = viewer.get("canvas");
  canvas.zoom("fit-viewport", "auto");
  if (element.clientWidth < 600) centre(viewer, (element.dataset.now || element.dataset.done || "").split(" ")[0]);
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

function centre(viewer, id) {
  const element = viewer.get("elementRegistry").get(id);
  if (!element) return;
  const canvas = viewer.get("canvas");
  canvas.zoom(0.8);
  const box = canvas.viewbox();
  canvas.viewbox({ x: element.x + element.width / 2 - box.width / 2, y: element.y + element.height / 2 - box.height / 2, width: box.width, height: box.height });
}

for (const element of document.querySelectorAll("[data-diagram]")) {
  show(element).catch(() => { element.hidden = true; });
}
window.mjMark = mark;
