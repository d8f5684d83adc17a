/* The list by keyboard: j and k or the arrows move, Enter opens, x ticks, / searches, ? says so. All of it works without. */
(function () {
  "use strict";

  const table = document.getElementById("result_list");
  const rows = table ? Array.from(table.tBodies[0].rows) : [];
  const help = document.getElementById("list-keys");
  let at = -1;

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT|BUTTON|SUMMARY)$/.test(target.tagName);
  }

  function moveTo(place) {
    if (!rows.length) return;
    if (at >= 0) rows[at].classList.remove("at-keyboard");
    at = Math.max(0, Math.min(rows.length - 1, place));
    rows[at].classList.add("at-keyboard");
    const link = rows[at].querySelector("th a, td a");
    if (link) link.focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  }

  function tick() {
    const box = at >= 0 && rows[at].querySelector("input.action-select");
    if (box) box.click();
  }

  function open() {
    const link = at >= 0 && rows[at].querySelector("th a, td a");
    if (link) link.click();
  }

  function search() {
    const field = document.getElementById("searchbar");
    if (field) field.select();
  }

  function explain() {
    if (!help) return;
    if (help.open) help.close();
    else help.showModal();
  }

  const keys = {
    j: function () { moveTo(at + 1); },
    k: function () { moveTo(at - 1); },
    ArrowDown: function () { moveTo(at + 1); },
    ArrowUp: function () { moveTo(at - 1); },
    Enter: open,
    x: tick,
    "/": search,
    "?": explain,
  };

  document.addEventListener("keydown", function (event) {
    const isOnLink = event.target.tagName === "A" && !(at >= 0 && rows[at].contains(event.target));
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    if ((event.key === "Enter" && (isOnLink || at < 0)) || (help && help.open && event.key !== "?")) return;
    if (event.key.startsWith("Arrow") && at < 0) return; // until a row is chosen, arrows scroll the page
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
})();
