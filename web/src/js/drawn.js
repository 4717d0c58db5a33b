// A drawn diagram is wider than the page: it is scrolled to where the case stood. Without this file it begins at the left.
function centre(box) {
  const mark = box.querySelector(".mj-d-now, .mj-d-pause") || [...box.querySelectorAll(".mj-d-done")].pop();
  if (!mark) return;
  const [inner, outer] = [mark.getBoundingClientRect(), box.getBoundingClientRect()];
  box.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
}

export function drawn() {
  const all = (within) => within.querySelectorAll(".mj-drawn").forEach(centre);
  all(document);
  document.addEventListener("toggle", (event) => { if (event.target.open) all(event.target); }, true);
}
