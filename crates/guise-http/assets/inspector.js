// Shows requests as they are answered, while somebody looks at the page and has not paused it.

const LINES_MAX = 200;
const list = document.getElementById("requests");
const told = document.getElementById("told");
const pause = document.getElementById("pause");
const { stream } = list.dataset;
let newest = list.dataset.newest;
let source = null;
let paused = false;

function show({ id, html }) {
  // What was answered while the page was made may come a second time.
  if (document.getElementById(`r${id}`)) return;
  const piece = document.createElement("template");
  piece.innerHTML = html;
  piece.content.firstElementChild.classList.add("new");
  list.prepend(piece.content);
  while (list.children.length > LINES_MAX) list.lastElementChild.remove();
  document.getElementById("nothing")?.remove();
}

function say(text) {
  if (told.textContent !== text) told.textContent = text;
}

function listen() {
  source?.close();
  source = null;
  pause.textContent = paused ? "Go on" : "Pause";
  say(paused ? "Paused." : "Requests appear as they are answered.");
  if (paused || document.hidden) return;
  source = new EventSource(`${stream}${stream.endsWith("?") ? "" : "&"}after=${newest}`);
  source.addEventListener("request", (event) => {
    newest = event.lastEventId;
    show(JSON.parse(event.data));
  });
  source.addEventListener("missed", () => {
    say("Some requests came faster than they could be shown, and are forgotten.");
  });
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    say("New requests are not shown any more until the page is loaded again.");
  };
}

pause.addEventListener("click", () => {
  paused = !paused;
  listen();
});
document.addEventListener("visibilitychange", listen);
// A page that is left holds no stream open, and one that is come back to listens again.
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => event.persisted && listen());
document.getElementById("live").hidden = false;
listen();
