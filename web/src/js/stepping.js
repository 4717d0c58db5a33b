// In the replay the arrow keys follow the links to the entry before and after.
export function stepping() {
  const player = document.querySelector(".mj-player");
  if (!player) return;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, pre")) return;
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    player.querySelector(`a[rel=${rel}]`)?.click();
  });
}
