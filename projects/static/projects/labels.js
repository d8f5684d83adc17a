// Fields with suggestions get a name that is read aloud: that of their label. Without this script they work all the same.
"use strict";
(() => {
  const nameOf = (select) => {
    const label = select.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    return (label ? label.textContent : select.name).replace(/[:：\s]+$/, "").trim();
  };
  const name = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
      const shown = select.nextElementSibling;
      if (!shown || !shown.classList.contains("select2")) continue;
      const parts = ".select2-selection, .select2-selection__rendered[role], .select2-search__field";
      for (const part of shown.querySelectorAll(parts)) part.setAttribute("aria-label", nameOf(select));
    }
  };
  if (!window.django?.jQuery) return;
  django.jQuery(name); // after the same call of Django's own script, which makes the fields
  document.addEventListener("formset:added", () => setTimeout(name));
})();
