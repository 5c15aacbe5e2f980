// Opens a page of `reconf graph` in a real Chromium, uses it as a person would, and prints as JSON what was seen.
// Arguments: the page, a folder for pictures.
const puppeteer = require("puppeteer-core");
const fs = require("fs");

const [page, pictures] = process.argv.slice(2);
const seen = { requests: [], errors: [] };

async function open(browser) {
  const tab = await browser.newPage();
  tab.on("request", (request) => seen.requests.push(request.url()));
  tab.on("pageerror", (error) => seen.errors.push(error.message));
  await tab.setViewport({ width: 1600, height: 1000 });
  await tab.goto("file://" + page);
  return tab;
}

async function type(tab, text) {
  await tab.click("#search", { count: 3 });
  await tab.keyboard.press("Backspace");
  await tab.type("#search", text);
}

(async () => {
  const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const tab = await open(browser);
  const picture = (name) => tab.screenshot({ path: `${pictures}/${name}.png` });
  await picture("1-opened");
  Object.assign(seen, await tab.evaluate(() => {
    const frames = drawnBoxes.map((box) => box.querySelector(".outline").getBoundingClientRect());
    const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const faults = document.querySelector(".faults ul");
    const texts = [...picture.querySelectorAll(".box text")];
    return {
      services: boxes.filter((box) => box.kind === "service").length,
      // A list of faults that is longer than its place is scrolled down, never aside, and a row that is cut says so.
      faults_aside: faults.scrollWidth - faults.clientWidth,
      cut_row: faults.scrollHeight > faults.clientHeight ? [...faults.children].some((row) => {
        const [a, b] = [row.getBoundingClientRect(), faults.getBoundingClientRect()];
        return a.top < b.bottom - 3 && a.bottom > b.bottom + 3;
      }) : true,
      overlapping: frames.filter((a, i) => frames.some((b, j) => i < j && overlap(a, b))).length,
      font: parseFloat(getComputedStyle(picture.querySelector(".label")).fontSize) * picture.getScreenCTM().a,
      too_wide: texts.filter((text) => text.getBoundingClientRect().right
        > text.closest(".box").querySelector(".outline").getBoundingClientRect().right).map((text) => text.textContent),
    };
  }));

  // Searched by the name of a node, and by that of a service with Enter.
  await type(tab, "seatgeek-07");
  await picture("2-searched");
  seen.search = await found(tab, (box) => box.nodes.some((node) => node.node === "seatgeek-07"));
  await type(tab, "service-42");
  await tab.keyboard.press("Enter");
  seen.search.by_enter = await tab.$eval("#panel h2", (title) => title.textContent);
  await tab.keyboard.press("Escape");
  await type(tab, " ");
  await tab.keyboard.press("Backspace");

  await tab.select("#federation", "pivotly");
  seen.federation = await found(tab, (box) => box.federation === "pivotly");
  await tab.select("#federation", "");
  await tab.select("#region", "eu-west-1");
  seen.region = await found(tab, (box) => (box.regions.length ? box.regions.includes("eu-west-1") : box.on));
  await picture("3-filtered");
  await tab.select("#region", "");

  // A service in the middle that needs and is needed, with a real click.
  const index = await tab.evaluate(() => {
    const index = boxes.findIndex((box, i) => needs[i].length > 1 && neededBy[i].length > 1
      && needs[i].some(({ other }) => needs[other].length));
    drawnBoxes[index].scrollIntoView({ block: "center", inline: "center" });
    return index;
  });
  await (await tab.$(`#picture .box[data-box="${index}"] .label`)).click();
  await picture("4-clicked");
  const lit = () => tab.evaluate(() => [...document.querySelectorAll("#picture .box:not(.off)")].map((box) => Number(box.dataset.box)).sort());
  seen.clicked = {
    lit: await lit(),
    panel: await tab.$eval("#panel h2", (title) => title.textContent),
    ...await tab.evaluate((index) => ({
      label: boxes[index].label,
      expected: [...new Set([index, ...needs[index].map((l) => l.other), ...neededBy[index].map((l) => l.other)])].sort(),
    }), index),
  };
  seen.clicked.near = seen.clicked.lit.length;
  await tab.click("#far");
  seen.clicked.far = (await lit()).length;
  await picture("5-all-the-way");
  await tab.keyboard.press("Escape");
  seen.closed = await tab.evaluate(() => document.querySelectorAll("#picture .off").length);
  await tab.select("#zoom", "");
  await tab.screenshot({ path: `${pictures}/6-whole.png`, fullPage: true });

  const file = `${pictures}/printed.pdf`;
  await tab.pdf({ path: file, preferCSSPageSize: true, printBackground: true });
  seen.pages = fs.readFileSync(file, "latin1").split("/Type /Page\n").length - 1;
  seen.escaped = await tab.evaluate(() => fetch("http://127.0.0.1:9/").then(() => "answered", () => "refused"));
  await browser.close();
  console.log(JSON.stringify(seen));
})();

// How many boxes are shown, and how many of them should not be or are missing.
async function found(tab, belongs) {
  const drawn = await tab.evaluate(() => drawnBoxes.map((box) => ({ ...boxes[Number(box.dataset.box)], on: !box.classList.contains("off") })));
  return { shown: drawn.filter((box) => box.on).length, wrong: drawn.filter((box) => box.on !== belongs(box)).length };
}
