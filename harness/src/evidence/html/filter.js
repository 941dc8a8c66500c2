"use strict";
(function () {
  const box = document.getElementById("filter");
  const count = document.getElementById("count");
  const table = document.getElementById("trials");
  const title = document.title;
  const lower = function (it) { return it.textContent.toLowerCase(); };
  // These are meant as a whole: `MUST-1` is not `MUST-10`. Any other word is looked for anywhere.
  const verdicts = new Set(Array.from(document.querySelectorAll(".legend dt"), lower));
  const ids = new Set();
  // What is shown is looked at once: reading it from the page again for every letter would be slow.
  const cases = Array.from(table.tBodies, function (body) {
    const head = body.rows[0].cells[0];
    const name = lower(head.querySelector(".id"));
    const own = new Set(lower(head.querySelector("small")).split(" ").concat(name));
    own.forEach(function (id) { ids.add(id); });
    const about = lower(head);
    const rows = Array.from(body.rows).slice(1).map(function (row) {
      const cells = Array.from(row.cells).slice(1);
      return {
        row: row,
        verdicts: cells.map(function (cell) { return cell.className; }),
        text: name + ":" + lower(row.cells[0]) + " " + cells.map(lower).join(" ") + " " + about,
      };
    });
    return { body: body, ids: own, rows: rows };
  });
  const all = cases.reduce(function (sum, it) { return sum + it.rows.length; }, 0);
  function hide(element, hidden) {
    if (element.hidden !== hidden) { element.hidden = hidden; }
  }
  function filter() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wantedVerdicts = words.filter(function (word) { return verdicts.has(word); });
    const wantedIds = words.filter(function (word) { return ids.has(word); });
    const rest = words.filter(function (word) { return !verdicts.has(word) && !ids.has(word); });
    let shown = 0;
    cases.forEach(function (it) {
      const before = shown;
      const can = wantedIds.every(function (id) { return it.ids.has(id); });
      it.rows.forEach(function (row) {
        const wanted = can && rest.every(function (word) { return row.text.includes(word); }) &&
          (!wantedVerdicts.length || wantedVerdicts.some(function (word) { return row.verdicts.includes(word); }));
        hide(row.row, !wanted);
        shown += wanted ? 1 : 0;
      });
      hide(it.body, shown === before);
    });
    table.classList.toggle("searched", words.length > 0);
    count.textContent = words.length ? shown + " of " + all : all + " trials";
  }
  // `report.html#show=fail%20reset/` opens it with these words; links to a verdict or a requirement do so, too.
  function follow() {
    const page = document.querySelector(".page:target h2 code");
    document.title = page ? page.textContent : title;
    if (!location.hash.startsWith("#show=")) { return; }
    try {
      box.value = decodeURIComponent(location.hash.slice(6));
    } catch (error) {
      return; // Not one of these addresses.
    }
    filter();
    table.scrollIntoView();
  }
  box.parentNode.hidden = false;
  box.addEventListener("input", filter);
  // The address says what is shown, so that the same link can be followed again, and the page sent on.
  box.addEventListener("change", function () {
    history.replaceState(null, "", box.value ? "#show=" + encodeURIComponent(box.value) : "#trial-list");
  });
  window.addEventListener("hashchange", follow);
  document.addEventListener("DOMContentLoaded", follow);
  filter();
})();
