// Tells when the sandbox has ended, and keeps what was opened open while the page renews itself.
let open = null;
document.addEventListener("htmx:before:swap", () => {
  open = document.querySelector("#live details")?.open;
});
document.addEventListener("htmx:after:swap", () => {
  const details = document.querySelector("#live details");
  if (details && open !== null) details.open = open;
});
document.addEventListener("htmx:error", () => { document.getElementById("gone").hidden = false; });
document.addEventListener("htmx:after:request", () => { document.getElementById("gone").hidden = true; });
