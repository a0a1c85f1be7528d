// Asks for the page again while one looks at it, and shows what is new of it. What was unfolded or has the focus keeps it.
const state = document.getElementById("state");
let known = "";

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/", { headers: known ? { "If-None-Match": known } : {}, cache: "no-store" });
    if (answer.status === 200) {
      show(await answer.text());
      known = answer.headers.get("ETag");
    }
    say(answer.ok || answer.status === 304 ? "Up to date." : await answer.text());
  } catch {
    say("The desk does not answer. Is the command still running?");
  }
}

function show(html) {
  const main = document.querySelector("main");
  const fresh = document.adoptNode(new DOMParser().parseFromString(html, "text/html").querySelector("main"));
  const unfolded = [...main.querySelectorAll("details[open]")].map((one) => one.id);
  const focused = main.contains(document.activeElement) && document.activeElement.id;
  main.replaceChildren(...fresh.childNodes);
  unfolded.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function say(text) {
  if (state.textContent !== text) state.textContent = text;
}

async function keepLooking() {
  await look();
  setTimeout(keepLooking, 2000);
}

document.addEventListener("visibilitychange", look);
keepLooking();
