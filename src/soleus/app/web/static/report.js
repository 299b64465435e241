// The print button: a page without scripts has the browser's own menu.
const button = document.querySelector("[data-print]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
// The appendix is folded on the screen; on paper it is there.
addEventListener("beforeprint", () => document.querySelectorAll(".clinician details").forEach((one) => (one.open = true)));
