// Small things that make the day pages kinder; every page works without it.
const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();
