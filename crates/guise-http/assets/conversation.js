// Shows new messages as they come, while somebody looks at the page.

const thread = document.getElementById("thread");
const told = document.getElementById("told");
let newest = thread.dataset.newest;
const seen = document.getElementById("seen");
const typing = document.getElementById("typing");
let source = null;
let stopped = null;

function show({ id, html }) {
  newest = id;
  // What was sent about when the page was made may come a second time.
  if (document.getElementById(`m${id}`)) return;
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
  const piece = document.createElement("template");
  piece.innerHTML = html;
  const from = piece.content.querySelector(".from").textContent;
  thread.append(piece.content);
  seen.hidden = true;
  typing.hidden = true;
  document.getElementById("nothing")?.remove();
  told.textContent = `New message from ${from}`;
  if (atEnd) scrollTo({ top: document.documentElement.scrollHeight });
}

function showTyping({ data: seconds }) {
  typing.hidden = false;
  clearTimeout(stopped);
  stopped = setTimeout(() => (typing.hidden = true), seconds * 1000);
}

function showRead({ data: id }) {
  const last = thread.lastElementChild;
  seen.hidden = !last?.classList.contains("own") || BigInt(last.id.slice(1)) > BigInt(id);
}

function listen() {
  source?.close();
  source = null;
  if (document.hidden) return;
  source = new EventSource(`${thread.dataset.stream}?after=${newest}`);
  source.onmessage = (event) => show(JSON.parse(event.data));
  source.addEventListener("typing", showTyping);
  source.addEventListener("read", showRead);
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    told.textContent = "New messages are not shown any more until the page is loaded again.";
    told.className = "hint";
  };
}

document.addEventListener("visibilitychange", listen);
// A page that is left holds no stream open, and one that is come back to listens again.
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => event.persisted && listen());
listen();
