// Copying the public address of a report; without it the address can be marked and copied by hand.
function offerCopying() {
  for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = !navigator.clipboard;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
  button.textContent = button.dataset.copied;
});
new MutationObserver(offerCopying).observe(document.body, { childList: true, subtree: true });
offerCopying();
document.querySelector(".error-summary, .warnings")?.focus();
