// Ticks of a list: all at once, and how many there are. Without this file one ticks them one by one.
const told = document.documentElement.lang === "en" ? (n) => `${n} ticked` : (n) => `已选${n}件`;

export function ticks() {
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-ticks]");
    if (!form) return;
    const boxes = [...form.querySelectorAll(".mj-tick input")];
    if (event.target.matches("[data-all]")) for (const box of boxes) box.checked = event.target.checked;
    form.querySelector("[data-ticked]").textContent = told(boxes.filter((box) => box.checked).length);
  });
}
