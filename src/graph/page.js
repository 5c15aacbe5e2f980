"use strict";
const { boxes, arrows } = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const [search, federation, region, far, zoom] = ["search", "federation", "region", "far", "zoom"].map(byId);
const [picture, panel, found] = ["picture", "panel", "found"].map(byId);
const drawnBoxes = [...picture.querySelectorAll(".box")];
const drawnArrows = [...picture.querySelectorAll(".arrow")];
const needs = boxes.map(() => []), neededBy = boxes.map(() => []);
arrows.forEach(([from, to, names], index) => {
  needs[from].push({ other: to, names, index });
  neededBy[to].push({ other: from, names, index });
});
let selected = null;

// What search and filters leave. A box without nodes belongs to those who need it.
function shown() {
  const words = search.value.trim().toLowerCase();
  const own = boxes.map((box) => (!federation.value || box.federation === federation.value)
    && (!region.value || box.regions.includes(region.value)));
  const filtered = boxes.map((box, i) => own[i] || (!box.regions.length
    && (!federation.value || box.federation === federation.value)
    && [...needs[i], ...neededBy[i]].some(({ other }) => own[other])));
  return boxes.map((box, i) => filtered[i] && (!words
    || [box.label, ...box.provides, ...box.nodes.map((node) => node.node)].some((text) => text.toLowerCase().includes(words))));
}

// The boxes and arrows that lead on from a box, one step or all the way.
function reached(start, links) {
  const seen = new Set([start]), lines = new Set(), open = [start];
  while (open.length) {
    for (const { other, index } of links[open.pop()]) {
      lines.add(index);
      if (!seen.has(other)) {
        seen.add(other);
        if (far.checked) open.push(other);
      }
    }
  }
  seen.delete(start);
  return { seen, lines };
}

function draw() {
  const on = shown();
  const nothing = { seen: new Set(), lines: new Set() };
  const down = selected === null ? nothing : reached(selected, needs);
  const up = selected === null ? nothing : reached(selected, neededBy);
  drawnBoxes.forEach((element) => {
    const i = Number(element.dataset.box);
    const lit = i === selected || down.seen.has(i) || up.seen.has(i);
    element.classList.toggle("selected", i === selected);
    element.classList.toggle("needs", down.seen.has(i));
    element.classList.toggle("by", up.seen.has(i) && !down.seen.has(i));
    element.classList.toggle("off", !on[i] || (selected !== null && !lit));
  });
  drawnArrows.forEach((element, i) => {
    const lit = down.lines.has(i) || up.lines.has(i);
    element.classList.toggle("needs", down.lines.has(i));
    element.classList.toggle("by", up.lines.has(i) && !down.lines.has(i));
    element.classList.toggle("off", !(on[arrows[i][0]] && on[arrows[i][1]]) || (selected !== null && !lit));
    if (lit) element.parentNode.insertBefore(element, element.parentNode.querySelector(".box"));
  });
  const count = on.filter(Boolean).length;
  found.textContent = count === boxes.length ? "" : count + " of " + boxes.length + " shown";
  describe();
}

function add(parent, tag, text, className) {
  const element = parent.appendChild(document.createElement(tag));
  if (text) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function list(title, entries, fill) {
  if (!entries.length) return;
  add(panel, "h3", title + " (" + entries.length + ")");
  const items = add(panel, "ul");
  entries.forEach((entry) => fill(add(items, "li"), entry));
}

function link(item, { other, names }) {
  add(item, "button", boxes[other].label).onclick = () => select(other);
  names.forEach(([name, fault, optional]) => {
    add(item, "div", name + (optional ? " (can do without)" : ""));
    if (fault) add(item, "div", fault, "bad");
  });
}

function describe() {
  panel.hidden = selected === null;
  panel.textContent = "";
  if (selected === null) return;
  const box = boxes[selected];
  add(panel, "button", "close", "close").onclick = () => select(null);
  add(panel, "h2", box.label);
  const kind = box.kind === "unmet" ? "unmet: nothing provides it" : box.kind;
  add(panel, "div", (box.public ? "public " : "") + kind + ", federation " + box.federation, box.kind === "unmet" ? "bad" : "");
  list("Needs", needs[selected], link);
  list("Needed by", neededBy[selected], link);
  list("Provides", box.provides, (item, name) => { item.textContent = name; });
  list("Nodes", box.nodes, (item, node) => {
    item.textContent = node.node + (node.region ? ", " + node.region : "") + ": " + node.state;
  });
}

function select(index) {
  selected = index;
  draw();
}

function resize() {
  const { width, height } = picture.viewBox.baseVal;
  const scale = zoom.value ? Number(zoom.value) / 100 : Math.min(1, (byId("sheet").clientWidth - 32) / width);
  picture.style.width = Math.round(width * scale) + "px";
  picture.style.height = Math.round(height * scale) + "px";
}

[search, federation, region, far].forEach((control) => control.addEventListener("input", draw));
zoom.addEventListener("input", resize);
addEventListener("resize", resize);
search.addEventListener("keydown", (event) => {
  const first = shown().indexOf(true);
  if (event.key === "Enter" && first >= 0) select(first);
});
picture.addEventListener("click", (event) => {
  const box = event.target.closest(".box");
  select(box ? Number(box.dataset.box) : null);
});
picture.addEventListener("keydown", (event) => {
  const box = event.target.closest(".box");
  if (box && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    select(Number(box.dataset.box));
  }
});
addEventListener("keydown", (event) => { if (event.key === "Escape") select(null); });
resize();
draw();
