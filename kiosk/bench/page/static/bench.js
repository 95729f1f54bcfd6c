// Mirrors the screen, passes clicks on in the terminal's own pixels, moves without loading the page anew.
"use strict";
const SCREEN_MS = 250, STATE_MS = 1000, AGAIN_MS = 1500;
const screen = document.getElementById("screen");
const blind = document.getElementById("blind");
const message = document.getElementById("message");
const slip = document.getElementById("slip");
const count = document.getElementById("count");
const large = document.getElementById("large");
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const two = (place, zh, en) => {
  const small = Object.assign(document.createElement("small"), { textContent: en, lang: "en" });
  place.replaceChildren(`${zh} `, small);
};
const tell = (zh, en) => { two(message, zh, en); message.hidden = !zh; };

// A picture comes whole or not at all: it is loaded aside, then shown.
const look = async () => {
  const next = new Image();
  next.src = `/screen.jpg?${Date.now()}`;
  try {
    await next.decode();
    screen.src = next.src;
    blind.hidden = true;
    return SCREEN_MS;
  } catch {
    blind.hidden = false;
    return AGAIN_MS;
  }
};
const watch = async () => {
  for (;;) await pause(document.hidden ? AGAIN_MS : await look());
};

const showSlip = (number) => {
  if (String(number) === count.dataset.slips) return;
  count.dataset.slips = number;
  two(count, number ? `第 ${number} 张` : "还没有", number ? `slip ${number}` : "none yet");
  slip.hidden = !number;
  if (!number) return;
  const paper = new Image();
  paper.alt = "最近一张回执 The latest slip";
  paper.src = slip.href = `/slips/${number}.png`;
  slip.querySelector("img")?.remove();
  slip.prepend(paper);
  slip.classList.remove("new");
  requestAnimationFrame(() => slip.classList.add("new"));
};
const redraw = (state) => {
  for (const button of document.querySelectorAll("form[action^='/move/'] button")) {
    const what = button.form.getAttribute("action").slice("/move/".length);
    if (what in state) button.setAttribute("aria-pressed", String(button.value === state[what]));
  }
  showSlip(state.slips);
};

// An answer that was on its way while a move was made would show the state from before it.
let asked = 0, moving = 0, lost = false;
const ask = async (address, options) => {
  const mine = ++asked;
  if (options) moving++;
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, ...options });
    const state = answer.headers.get("content-type") === "application/json" ? await answer.json() : null;
    if (state && mine === asked && "card" in state) redraw(state);
    if (state?.refused) tell(state.refused.zh, state.refused.en);
    else if (!answer.ok) tell(`试验台没有做成（${answer.status}）。`, `The bench could not do it (${answer.status}).`);
    else if (options || lost) tell("", "");
    lost = false;
  } catch {
    lost = true;
    tell("试验台没有应答，正在重试。", "The bench does not answer, trying again.");
  } finally {
    if (options) moving--;
  }
};
const follow = async () => {
  for (;;) {
    await pause(STATE_MS);
    if (!document.hidden && !moving) await ask("/state");
  }
};

document.addEventListener("submit", async (event) => {
  if (event.target.method !== "post") return;
  event.preventDefault();
  const button = event.submitter;
  button.classList.add("busy");
  await ask(event.target.getAttribute("action"), { method: "POST", body: new URLSearchParams({ value: button.value }) });
  button.classList.remove("busy");
});

screen.addEventListener("click", async (event) => {
  const box = screen.getBoundingClientRect();
  const pixel = (offset, shown, true_) => Math.min(true_ - 1, Math.max(0, Math.floor(offset * true_ / shown)));
  const body = new URLSearchParams({
    x: pixel(event.clientX - box.left, box.width, screen.naturalWidth),
    y: pixel(event.clientY - box.top, box.height, screen.naturalHeight),
  });
  const ring = Object.assign(document.createElement("span"), { className: "ring" });
  ring.style.left = `${event.clientX - box.left}px`;
  ring.style.top = `${event.clientY - box.top}px`;
  screen.parentElement.append(ring);
  setTimeout(() => ring.remove(), 600);
  await ask("/click", { method: "POST", body });
});

slip.addEventListener("click", (event) => {
  event.preventDefault();
  large.querySelector("img").src = slip.href;
  large.showModal();
});
large.addEventListener("click", (event) => { if (event.target === large) large.close(); });

watch();
follow();
