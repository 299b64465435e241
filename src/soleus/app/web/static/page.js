// Small things that make the day pages kinder; every page works without it.
const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();
// A link to something folded (a claim, a remedy) shows it unfolded.
function unfold() {
  const aim = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!aim) return;
  for (let one = aim; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
  aim.scrollIntoView();
}
addEventListener("hashchange", unfold);
unfold();
