// While a project's name is typed, says which recorded projects have the same. Without this file the save says so.
"use strict";
{
  const said = document.querySelector("#alike");
  const name = document.querySelector("#id_name");
  const show = (found) => {
    const links = found.map(({ url, label }) => {
      const link = document.createElement("a");
      link.href = url;
      link.target = "_blank";
      link.rel = "noopener";
      link.textContent = label;
      return link;
    });
    said.querySelector("span").replaceChildren(...links);
    said.hidden = !links.length;
  };
  const ask = async () => {
    const asked = name.value;
    const query = new URLSearchParams({ name: asked, besides: said.dataset.besides });
    const answer = await fetch(`${said.dataset.url}?${query}`, { headers: { Accept: "application/json" } });
    if (answer.ok && name.value === asked) {
      show((await answer.json()).alike);
    }
  };
  if (said && name) {
    let waiting;
    name.closest(".form-row").append(said);
    name.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { ask().catch(() => {}); }, 400);
    });
  }
}
