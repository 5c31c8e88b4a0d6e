// The desk works without this. It lets hands stay on the keyboard: j and k go through the queue, o opens; on a case
// a, r and s choose the decision, and n opens the next case.
"use strict";
document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || at.matches("input:not([type=radio]), textarea, select")) return;
  const links = [...document.querySelectorAll("a.case-link")];
  const here = links.indexOf(document.activeElement);
  const go = { j: here + 1, k: Math.max(0, here - 1) }[event.key];
  if (go !== undefined && links.length) {
    links[Math.min(go, links.length - 1)].focus();
  } else if (event.key === "o" && here >= 0) {
    links[here].click();
  } else {
    const chosen = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!chosen) return;
    if (chosen.matches("a")) chosen.click();
    else { chosen.checked = true; chosen.focus(); chosen.dispatchEvent(new Event("change", { bubbles: true })); }
  }
  event.preventDefault();
});
