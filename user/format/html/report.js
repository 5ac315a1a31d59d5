// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// report.js - puts the report into the page.

function fillHead() {
	const { title, time, durationNs, endedBy, kernel, version } = REPORT;
	const when = (time || "").replace(/\.\d+Z$/, "Z").replace("T", " ");
	const about = [when, `${showTime(durationNs)} traced`, kernel && `Linux ${kernel}`, endedBy];
	document.title = `${title || "mwbpf"} — memory report`;
	byId("title").textContent = showName(title || "");
	byId("about").textContent = about.filter(Boolean).map(showName).join(" · ");
	byId("made").textContent = `mwbpf ${version || ""}. Everything is in this file; nothing is fetched.`;
	byId("completeness").append(...REPORT.completeness.map(line => element("li", {}, showName(line))));
	byId("seen").hidden = !REPORT.completeness.length;
	byId("seen").classList.toggle("incomplete", !REPORT.complete);
}

function fillTotals() {
	const { live, peak, bytes, allocs, frees, failed, ints, unmatched } = REPORT.totals;
	const figures = [
		["In use at the end", showBytes(live[0]), `${showCount(live[1])} blocks`],
		["Most at once", showBytes(peak[0]), `${showCount(peak[1])} blocks`],
		["Allocated", showBytes(bytes), `in ${showCount(allocs)} allocations`],
		["Freed", showCount(frees), unmatched ? `${showCount(unmatched)} more of older blocks` : "blocks"],
		failed && ["Failed", showCount(failed), "allocations"],
		ints && ["Python ints", showCount(ints), "made"],
	];
	Object.values(LEAKS).forEach((title, i) => {
		if (REPORT.leaks.length)
			figures.push([title, showBytes(REPORT.leaks[i][0]), `${showCount(REPORT.leaks[i][1])} blocks`]);
	});
	if (REPORT.suppressed[1])
		figures.push(["Suppressed", showBytes(REPORT.suppressed[0]), `${showCount(REPORT.suppressed[1])} blocks`]);
	byId("totals").append(...figures.filter(Boolean).map(([term, figure, more]) =>
		element("div", {}, element("dt", {}, term), element("dd", {}, figure, element("small", {}, more)))));
	drawBars(byId("kinds"), REPORT.kinds.filter(kind => kind.live[1] || kind.peak[1]).map(kind =>
		[kind.name, kind.live[0], showBytes(kind.live[0]), `${showCount(kind.live[1])} blocks`,
		 `${showBytes(kind.peak[0])} at the peak`]));
}

/** The weight asked for, unless it is 0 everywhere and another is not. */
function firstWeight() {
	const has = name => REPORT.sites.some(site => WEIGHTS[name].of(site) > 0);
	return [REPORT.weight, ...Object.keys(WEIGHTS)].find(has) || REPORT.weight;
}

const flame = new Flame(byId("flame"), REPORT.sites);

/** What is pointed at, or else zoomed to. */
function sayFrame() {
	const node = flame.pointed ? flame.pointed.node : flame.top, { show } = flame.weight;
	const name = node.frame < 0 ? "all" : placeOf(REPORT.frames[node.frame]);
	const shares = [showShare(node.value, flame.root.value)];
	if (flame.zoomed.length)
		shares.push(`${showShare(node.value, flame.top.value)} of what is shown`);
	const left = node === flame.top && flame.pruned ? "; frames narrower than a pixel are not drawn" : "";
	byId("frame").replaceChildren(element("b", {}, name), ` — ${show(node.value)}, ${shares.join(", ")}${left}`);
	byId("zoom-out").disabled = !flame.zoomed.length;
	sayFound();
}

function sayFound() {
	byId("found").textContent = !flame.matches ? "" :
		`found in ${showShare(flame.matched(), flame.top.value)} (${flame.weight.show(flame.matched())})`;
}

function arrangeFlame() {
	flame.arrange(byId("inverted").checked, byId("no-imports").checked ? IMPORTS : null);
	weighFlame();
}

function weighFlame() {
	flame.weigh(WEIGHTS[byId("weight").value]);
	sayFrame();
}

function wireFlame() {
	byId("weight").append(...Object.entries(WEIGHTS).map(([value, { title }]) =>
		element("option", { value }, title)));
	byId("weight").value = firstWeight();
	byId("weight").addEventListener("change", weighFlame);
	byId("inverted").addEventListener("change", arrangeFlame);
	byId("no-imports").addEventListener("change", arrangeFlame);
	byId("no-imports").parentElement.hidden = !IMPORTS.includes(true);
	byId("zoom-out").addEventListener("click", () => flame.zoomOut());
	byId("search").addEventListener("input", event => {
		flame.search(event.target.value);
		sayFound();
	});
	flame.onChange = sayFrame;
	arrangeFlame();
}

/** A slash goes to the search, Escape out of a zoom: but not where text is typed. */
function key(event) {
	if (event.target.matches("input, select, canvas"))
		return;
	if (event.key === "/") {
		byId("search").focus();
		event.preventDefault();
	} else if (event.key === "Escape") {
		flame.zoomOut();
	}
}

fillHead();
fillTotals();
wireFlame();
const timeline = new Timeline(byId("timeline"), byId("timeline-tools"), byId("moment"), REPORT);
const sites = new Sites(byId("sites"), REPORT.sites, firstWeight());
byId("filter").addEventListener("input", event => sites.filter(event.target.value));
byId("more").addEventListener("click", () => sites.more());
drawHistogram(byId("sizes"), REPORT.sizes, showBytes);
drawHistogram(byId("lifetimes"), REPORT.lifetimes, showTime);
byId("histograms").hidden = byId("sizes").hidden && byId("lifetimes").hidden;
document.addEventListener("keydown", key);
