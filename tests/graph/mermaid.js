// Has the real mermaid parse and draw a chart in Chromium. Arguments: the chart, mermaid's library.
const puppeteer = require("puppeteer-core");
const fs = require("fs");

const [chart, library] = process.argv.slice(2);
(async () => {
  const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const tab = await browser.newPage();
  await tab.addScriptTag({ path: library });
  const seen = await tab.evaluate(async (text) => {
    mermaid.initialize({ startOnLoad: false, maxEdges: 10000, maxTextSize: 1000000 });
    await mermaid.parse(text);
    const { svg } = await mermaid.render("chart", text);
    const drawn = new DOMParser().parseFromString(svg, "text/html");
    return { nodes: drawn.querySelectorAll(".node").length };
  }, fs.readFileSync(chart, "utf8"));
  await browser.close();
  console.log(JSON.stringify(seen));
})();
