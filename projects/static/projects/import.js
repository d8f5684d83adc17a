// While a worker is at an import, shows how far it is and loads the page anew when it is done.
"use strict";
{
  const EVERY = 1000; // ms
  const progress = document.querySelector("#import-progress");
  const bar = progress && progress.querySelector("progress");
  const look = async () => {
    const answer = await fetch(progress.dataset.url, { headers: { Accept: "application/json" } });
    if (!answer.ok) {
      return;
    }
    const { version, busy, done, of } = await answer.json();
    if (!busy || String(version) !== progress.dataset.version) {
      window.location.reload();
      return;
    }
    if (of) {
      bar.max = of;
      bar.value = done;
      progress.querySelector("span").textContent = `${done} / ${of}`;
    }
  };
  if (progress) {
    setInterval(() => { look().catch(() => {}); }, EVERY);
  }
}
