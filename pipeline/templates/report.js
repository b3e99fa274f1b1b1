"use strict";
(function () {
  const rows = Array.from(document.querySelectorAll("#cases tbody tr"));
  const find = document.getElementById("find");
  const decision = document.getElementById("decision");
  const reason = document.getElementById("reason");
  const told = document.getElementById("told");
  const texts = rows.map((row) => row.textContent.toLowerCase());

  function filter() {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      const fits =
        (!decision.value || row.dataset.decision === decision.value) &&
        (!reason.value || row.dataset.reasons.split(" ").includes(reason.value)) &&
        wanted.every((word) => texts[index].includes(word));
      row.hidden = !fits;
      document.getElementById(row.dataset.case).hidden = !fits;
      shown += fits ? 1 : 0;
    });
    told.textContent = shown + " of " + rows.length + " cases";
    document.querySelectorAll("[data-choose]").forEach((tile) => {
      tile.setAttribute("aria-pressed", String(tile.dataset.choose === decision.value));
    });
  }

  function unfold() {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch (error) {
      return;
    }
    if (!target) return;
    const own = target.querySelector(":scope > details");
    if (own) own.open = true;
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") node.open = true;
      if (node.tagName === "ARTICLE") node.hidden = false;
    }
    target.scrollIntoView({ block: target.tagName === "ARTICLE" ? "start" : "center" });
  }

  if (find) {
    [find, decision, reason].forEach((input) => input.addEventListener("input", filter));
    document.querySelectorAll("[data-choose]").forEach((tile) => {
      tile.addEventListener("click", () => {
        decision.value = decision.value === tile.dataset.choose ? "" : tile.dataset.choose;
        filter();
      });
    });
    document.querySelectorAll(".needs-script").forEach((part) => (part.hidden = false));
    filter();
  }
  window.addEventListener("hashchange", unfold);
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((part) => (part.open = true));
  });
  unfold();
})();
