// 已写13个字: how much has been written, beside texts that have a limit.
export function counters() {
  for (const area of document.querySelectorAll("textarea[data-limit], textarea[data-count]")) {
    const note = document.createElement("div");
    note.className = "mj-hint";
    area.after(note);
    const show = () => {
      const written = [...area.value.trim()].length;
      note.textContent = document.documentElement.lang === "en" ? `${written} characters` : `已写${written}个字`;
    };
    area.addEventListener("input", show);
    show();
  }
}
