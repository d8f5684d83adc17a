// Asks before a form is left in which something was typed and not saved. Without this file the form works as well.
"use strict";
{
  const form = document.querySelector("#content-main form[method=post]");
  const typed = () => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value.name ?? value]));
  if (form && form.querySelector("input[type=submit]")) {
    // Widgets fill themselves after the page has loaded; what they put in is not typed. A refused form is unsaved from the start.
    let before = document.querySelector(".errornote") ? null : typed();
    let saving = false;
    addEventListener("load", () => { before = before && typed(); });
    form.addEventListener("submit", () => { saving = true; });
    addEventListener("pageshow", () => { saving = false; });
    addEventListener("beforeunload", (event) => {
      if (!saving && typed() !== before) {
        event.preventDefault();
      }
    });
  }
}
