// What makes the pages livelier. Everything for which they are there works without it.

// A page that says what is wrong begins there.
document.querySelector(".error-summary, .warnings")?.focus();

// Copying the public address of a report; without a clipboard it is marked, to be copied by hand.
function offerCopying() {
  for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = !navigator.clipboard;
}
offerCopying();
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
  button.textContent = button.dataset.copied;
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches("input[readonly]")) event.target.select();
});

// Parts that renew themselves: the title and the count of problems follow, how it stands is spoken, and the keyboard
// stays where it was.
let within = false;
document.addEventListener("htmx:before:swap", (event) => {
  within = event.target.contains(document.activeElement) && document.activeElement !== document.body;
});
document.addEventListener("htmx:after:swap", () => {
  offerCopying();
  const status = document.getElementById("status");
  if (status) {
    document.title = status.dataset.mark + document.body.dataset.title;
    const count = document.getElementById("open-problems");
    if (count) {
      count.textContent = status.dataset.problems;
      count.hidden = status.dataset.problems === "0";
    }
  }
  const news = document.querySelector("[data-news]");
  const spoken = document.getElementById("spoken");
  if (news && spoken.textContent !== news.textContent.trim()) spoken.textContent = news.textContent.trim();
  if (within && document.activeElement === document.body) news?.focus();
  within = false;
});

// The application itself does not answer: it has ended, or this device has lost it.
document.addEventListener("htmx:error", () => { document.getElementById("gone").hidden = false; });
document.addEventListener("htmx:after:request", () => { document.getElementById("gone").hidden = true; });
