// Keeps the mirrored screen fresh and passes clicks on, scaled to the terminal's own pixels.
const screen = document.getElementById("screen");
const refresh = () => {
  const next = new Image();
  next.onload = () => { screen.src = next.src; setTimeout(refresh, 250); };
  next.onerror = () => setTimeout(refresh, 1000);
  next.src = "/screen.jpg?" + Date.now();
};
screen.addEventListener("click", (event) => {
  const box = screen.getBoundingClientRect();
  const style = getComputedStyle(screen);
  const left = parseFloat(style.borderLeftWidth), top = parseFloat(style.borderTopWidth);
  const body = new URLSearchParams({
    x: Math.max(0, Math.round((event.clientX - box.left - left) * screen.naturalWidth / screen.clientWidth)),
    y: Math.max(0, Math.round((event.clientY - box.top - top) * screen.naturalHeight / screen.clientHeight)),
  });
  fetch("/click", { method: "POST", body });
});
refresh();
setInterval(async () => {
  const { count } = await (await fetch("/receipts")).json();
  if (String(count) !== document.getElementById("count").textContent) location.reload();
}, 1500);
