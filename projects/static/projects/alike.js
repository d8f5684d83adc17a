// While a project is typed, says which recorded ones may be the same, and why. Without this file the save says so.
"use strict";
{
  const said = document.querySelector("#alike");
  const fields = ["name", "approval_code", "total_investment", "district", "investors"];
  const inputs = fields.map((field) => document.querySelector(`#id_${field}`)).filter(Boolean);
  const name = document.querySelector("#id_name");
  const told = ({ url, label, reasons }) => {
    const line = document.createElement("span");
    const link = document.createElement("a");
    link.href = url;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = label;
    line.append(link, ` (${reasons})`);
    return line;
  };
  const show = (found) => {
    said.querySelector("span").replaceChildren(...found.map(told));
    said.hidden = !found.length;
  };
  const query = () => {
    const asked = new URLSearchParams({ besides: said.dataset.besides });
    for (const input of inputs) {
      const values = input.multiple ? [...input.selectedOptions].map((each) => each.value) : [input.value];
      for (const value of values) {
        asked.append(input.name, value);
      }
    }
    return asked.toString();
  };
  const ask = async () => {
    const asked = query();
    const answer = await fetch(`${said.dataset.url}?${asked}`, { headers: { Accept: "application/json" } });
    if (answer.ok && query() === asked) {
      show((await answer.json()).alike);
    }
  };
  if (said && name) {
    let waiting;
    const soon = () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { ask().catch(() => {}); }, 400);
    };
    name.closest(".form-row").append(said);
    for (const input of inputs) {
      input.addEventListener("input", soon);
      if (window.django && window.django.jQuery) {
        window.django.jQuery(input).on("change", soon); // fields with suggestions tell nobody else
      }
    }
  }
}
