"use strict";
(function () {
  const box = document.getElementById("filter");
  const count = document.getElementById("count");
  // What is shown is looked at once: reading it from the page again for every letter would be slow.
  const cases = Array.from(document.querySelectorAll("#trials tbody"), function (body) {
    const rows = Array.from(body.rows, function (row) {
      return { row: row, text: row.textContent.toLowerCase() };
    });
    return { body: body, head: rows[0].text, rows: rows.slice(1) };
  });
  function filter() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    let all = 0;
    cases.forEach(function (it) {
      let any = false;
      it.rows.forEach(function (entry) {
        const text = it.head + " " + entry.text;
        const wanted = words.every(function (word) { return text.includes(word); });
        entry.row.hidden = !wanted;
        any = any || wanted;
        shown += wanted ? 1 : 0;
        all += 1;
      });
      it.body.hidden = !any;
    });
    count.textContent = shown + " of " + all;
  }
  box.addEventListener("input", filter);
  filter();
})();
