// Comfort only: every page works without this file.
import { elderSwitch, revealScripts, showPassword, focusErrors } from "./js/page.js";
import { conditions } from "./js/conditions.js";
import { drafts } from "./js/drafts.js";
import { keyboard } from "./js/keyboard.js";
import { counters } from "./js/counters.js";
import { live } from "./js/live.js";
import { stepping } from "./js/stepping.js";
import { ticks } from "./js/ticks.js";
import { drawn } from "./js/drawn.js";

revealScripts();
elderSwitch();
showPassword();
focusErrors();
conditions();
counters();
drafts();
keyboard();
live();
stepping();
ticks();
drawn();
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-print]");
  if (button) window.print();
});
