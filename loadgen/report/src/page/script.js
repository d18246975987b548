"use strict";
// Without this script the columns of a chart show the same text as the browser's own tooltips.
const tip = document.createElement("div");
tip.id = "tip";
tip.hidden = true;
document.body.append(tip);
for (const hit of document.querySelectorAll(".hit")) {
  const title = hit.querySelector("title");
  hit.dataset.tip = title.textContent;
  title.remove();
}
document.addEventListener("pointermove", (event) => {
  const hit = event.target instanceof Element && event.target.closest(".hit");
  tip.hidden = !hit;
  if (hit) {
    tip.textContent = hit.dataset.tip;
    const right = event.clientX + 16 + tip.offsetWidth > window.innerWidth;
    const low = event.clientY + 16 + tip.offsetHeight > window.innerHeight;
    tip.style.left = (right ? event.clientX - 12 - tip.offsetWidth : event.clientX + 16) + "px";
    tip.style.top = (low ? event.clientY - 12 - tip.offsetHeight : event.clientY + 16) + "px";
  }
});
