// Nothing typed is lost: a form with data-draft is saved to the server while one types, and to this
// browser while there is no connection. Files are not part of a draft.
const WAIT = 1500;
const RETRY = 15000;

const words = document.documentElement.lang === "en"
  ? { saved: (at) => `Saved at ${at}`, local: "No connection: kept on this device, will be sent", failed: "Not saved", older: "Restored what was typed without a connection" }
  : { saved: (at) => `${at} 已自动保存`, local: "网络中断，已存在本机，连上后自动保存", failed: "没有存上", older: "已恢复断网时填写的内容" };

function answers(form) {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && name !== "_once") data.append(name, value);
  }
  return data;
}

function restore(form, key, note) {
  const stored = localStorage.getItem(key);
  if (!stored) return;
  const data = new URLSearchParams(stored);
  for (const input of form.elements) {
    if (!input.name || input.type === "hidden" || input.type === "file" || !data.has(input.name)) continue;
    if (input.type === "checkbox" || input.type === "radio") input.checked = data.getAll(input.name).includes(input.value);
    else input.value = data.get(input.name);
  }
  note.textContent = words.older;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

export function drafts() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const key = `draft:${form.dataset.draft}`;
    const note = form.querySelector("[data-draft-note]") ?? form.appendChild(document.createElement("p"));
    note.setAttribute("role", "status");
    note.classList.add("mj-saved");
    let timer = 0;
    const save = async () => {
      const body = answers(form);
      try {
        const response = await fetch(form.dataset.draft, {
          method: "POST", body, credentials: "same-origin", headers: { "X-Requested-With": "fetch" },
        });
        if (!response.ok) {
          note.textContent = words.failed;
          if (response.status === 401) localStorage.setItem(key, keep(body));
          return;
        }
        localStorage.removeItem(key);
        const at = new Date();
        note.textContent = words.saved(`${at.getHours()}:${String(at.getMinutes()).padStart(2, "0")}`);
      } catch {
        localStorage.setItem(key, keep(body));
        note.textContent = words.local;
        clearTimeout(timer);
        timer = setTimeout(save, RETRY);
      }
    };
    restore(form, key, note);
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(save, WAIT);
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      localStorage.removeItem(key);
    });
    window.addEventListener("online", save);
  }
}

function keep(body) {
  const copy = new URLSearchParams(body);
  copy.delete("csrf_token");
  return copy.toString();
}
