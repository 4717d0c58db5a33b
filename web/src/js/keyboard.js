// J and K move through a list, Enter opens, ? shows what the keys do. Off while one types.
function typing(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function help() {
  let dialog = document.getElementById("mj-keys");
  if (!dialog) {
    const zh = document.documentElement.lang !== "en";
    dialog = document.createElement("dialog");
    dialog.id = "mj-keys";
    dialog.className = "mj-dialog";
    dialog.setAttribute("aria-labelledby", "mj-keys-title");
    const rows = zh
      ? [["J", "下一件"], ["K", "上一件"], ["Enter", "打开"], ["?", "显示这张表"]]
      : [["J", "next"], ["K", "previous"], ["Enter", "open"], ["?", "show this list"]];
    const title = Object.assign(document.createElement("h2"), { id: "mj-keys-title", textContent: zh ? "键盘" : "Keyboard" });
    const list = document.createElement("dl");
    list.className = "mj-dl";
    for (const [key, what] of rows) {
      const name = document.createElement("dt");
      name.appendChild(Object.assign(document.createElement("kbd"), { textContent: key }));
      list.append(name, Object.assign(document.createElement("dd"), { textContent: what }));
    }
    const form = Object.assign(document.createElement("form"), { method: "dialog" });
    form.appendChild(Object.assign(document.createElement("button"), { className: "mj-btn mj-btn--2", textContent: zh ? "关闭" : "Close" }));
    dialog.append(title, list, form);
    document.body.appendChild(dialog);
  }
  dialog.showModal();
}

export function keyboard() {
  const items = () => [...document.querySelectorAll("[data-list] a[data-item]")];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "?") {
      event.preventDefault();
      help();
      return;
    }
    const step = { j: 1, k: -1 }[event.key.toLowerCase()];
    const links = items();
    if (!step || !links.length) return;
    event.preventDefault();
    const place = links.indexOf(document.activeElement);
    const next = place < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, place + step));
    links[next].focus();
  });
}
