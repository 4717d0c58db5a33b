// The switch to large print without a new page, and small helps.
export function revealScripts() {
  document.documentElement.classList.add("mj-has-js");
  for (const part of document.querySelectorAll(".mj-js[hidden]")) part.hidden = false;
}

export function elderSwitch() {
  for (const form of document.querySelectorAll("form[data-elder]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      const on = button.value === "1";
      const body = new URLSearchParams({ elder: button.value, next: "/" });
      try {
        await fetch(form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" });
      } catch {
        // without a connection the size still changes, for this page
      }
      document.documentElement.classList.toggle("mj-elder", on);
      for (const other of document.querySelectorAll("form[data-elder] button")) {
        other.value = on ? "0" : "1";
        other.textContent = on ? other.dataset.on : other.dataset.off;
      }
    });
  }
}

export function showPassword() {
  for (const box of document.querySelectorAll("[data-show-password]")) {
    box.addEventListener("change", () => {
      document.getElementById(box.dataset.showPassword).type = box.checked ? "text" : "password";
    });
  }
}

// After a refused submission the reader hears the summary first.
export function focusErrors() {
  document.querySelector("[data-focus]")?.focus();
}
