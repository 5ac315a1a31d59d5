// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// tables.js - the sites as a table to sort and filter, and the tables with bars.

const ROWS = 50;   // sites shown at first
const MORE = 500;  // at each further wish

const bytesAnd = amount => amount[1] ? `${showBytes(amount[0])} in ${showCount(amount[1])}` : "";
const slopeOf = site => site.slope === null ? "" :
	`${site.slope < 0 ? "−" : "+"}${showBytes(Math.abs(site.slope))}/s`;

/** One row a column: title, weight it is of, what it sorts by and shows, which sites want it. */
const COLUMNS = [
	{ title: "Where", by: site => LABELS[whereOf(site)], text: true },
	{ title: "Live", weight: "live", by: site => site.live[0], show: site => bytesAnd(site.live) },
	{ title: "At peak", weight: "peak", by: site => site.peak[0], show: site => bytesAnd(site.peak) },
	{ title: "Allocated", weight: "total", by: site => site.total[0], show: site => showBytes(site.total[0]) },
	{ title: "Allocations", weight: "allocs", by: site => site.total[1],
	  show: site => showCount(site.total[1]) },
	{ title: "Temporary", weight: "temporary", by: site => site.temporary[1],
	  show: site => showCount(site.temporary[1]), wanted: site => site.temporary[1] },
	{ title: "Oldest", by: site => site.oldestNs, show: site => site.live[1] ? showTime(site.oldestNs) : "",
	  wanted: site => site.live[1] },
	{ title: "Growth", by: site => site.slope === null ? -Infinity : site.slope, show: slopeOf,
	  wanted: site => site.slope !== null },
	{ title: "Verdict", by: site => site.suppressed ? 0 : site.verdict,
	  show: site => site.suppressed ? "suppressed" : VERDICTS[site.verdict],
	  wanted: site => site.verdict || site.suppressed,
	  className: site => site.suppressed ? "faint" : VERDICTS[site.verdict] },
	...Object.entries(LEAKS).map(([leak, title]) => ({
		title,
		by: site => site[leak][0],
		show: site => bytesAnd(site[leak]),
		wanted: site => REPORT.scanned && site[leak][1],
		className: () => leak,
	})),
];

class Sites {
	constructor(table, sites, weight) {
		Object.assign(this, { table, sites, down: true, rows: ROWS, open: new Set() });
		this.columns = COLUMNS.filter(column => !column.wanted || sites.some(column.wanted));
		this.column = Math.max(this.columns.findIndex(column => column.weight === weight), 1);
		this.filter("");
	}

	/** Only sites with a frame whose label has this text. */
	filter(text) {
		const matches = matchFrames(text);
		this.chosen = matches ? this.sites.filter(site => site.path.some(frame => matches[frame]))
				      : this.sites.slice();
		this.rows = ROWS;
		this.sort(this.column, this.down);
	}

	sort(column, down) {
		const { by, text } = this.columns[column], way = down ? -1 : 1;
		Object.assign(this, { column, down });
		this.chosen.sort((a, b) => way * (text ? by(a).localeCompare(by(b)) : by(a) - by(b)));
		this.draw();
	}

	more() {
		this.rows += MORE;
		this.draw();
	}

	draw() {
		const shown = this.chosen.slice(0, this.rows);
		this.table.tHead.replaceChildren(this.head());
		this.table.tBodies[0].replaceChildren(...shown.flatMap(site => this.row(site)));
		byId("shown").textContent = `${showCount(shown.length)} of ${showCount(this.sites.length)} sites`;
		byId("more").hidden = shown.length === this.chosen.length;
		byId("more").textContent = `Show ${Math.min(MORE, this.chosen.length - shown.length)} more`;
	}

	head() {
		return element("tr", {}, ...this.columns.map((column, i) => {
			const button = element("button", { type: "button" }, column.title);
			const cell = element("th", { scope: "col" }, button);
			if (i === this.column) {
				cell.setAttribute("aria-sort", this.down ? "descending" : "ascending");
				button.append(this.down ? "\u00a0↓" : "\u00a0↑");
			}
			button.addEventListener("click", () => {
				this.sort(i, i === this.column ? !this.down : !column.text);
				this.table.tHead.rows[0].cells[i].firstChild.focus();
			});
			return cell;
		}));
	}

	row(site) {
		const cells = this.columns.map(column => element("td", column.className
			? { className: column.className(site) } : {}, column.text ? this.where(site) : column.show(site)));
		const row = element("tr", {}, ...cells);
		return this.open.has(site) ? [row, this.stack(site)] : [row];
	}

	/** The line, what it called in the end, and a button that opens the whole stack. */
	where(site) {
		const where = whereOf(site), last = site.path[site.path.length - 1];
		const button = element("button", { type: "button", "aria-expanded": this.open.has(site) }, LABELS[where]);
		if (last !== where)
			button.append(element("span", { className: "faint" }, ` → ${LABELS[last]}`));
		button.addEventListener("click", () => this.toggle(site));
		return button;
	}

	toggle(site) {
		if (!this.open.delete(site))
			this.open.add(site);
		const at = this.chosen.indexOf(site);
		this.draw();
		this.table.querySelectorAll("button[aria-expanded]")[at].focus();
	}

	stack(site) {
		const list = element("ol", {}, ...site.path.slice().reverse()
			.map(frame => element("li", {}, placeOf(REPORT.frames[frame]))));
		const cell = element("td", { colSpan: this.columns.length }, list);
		if (site.reason)
			cell.append(element("p", { className: "faint" }, `Not whole: ${showName(site.reason)}.`));
		return element("tr", { className: "stack" }, cell);
	}
}

/** Rows of [label, value to draw, texts...] with a bar each. */
function drawBars(table, rows) {
	const most = Math.max(...rows.map(row => row[1]), 1);
	table.tBodies[0].replaceChildren(...rows.map(([label, value, ...texts]) => {
		const bar = element("i");
		bar.style.width = `${100 * value / most}%`;
		if (!value)
			bar.style.minWidth = 0;
		return element("tr", {}, element("td", {}, label), element("td", { className: "bar" }, bar),
			       ...texts.map(text => element("td", {}, text)));
	}));
	table.hidden = !rows.length;
}

/** A bar a bucket, as long as it has blocks. */
function drawHistogram(table, buckets, show) {
	drawBars(table, buckets.map(([from, to, bytes, blocks]) =>
		[to >= 2 ** 63 ? `${show(from)} or more` : `${show(from)} to ${show(to)}`, blocks,
		 `${showCount(blocks)} blocks`, showBytes(bytes)]));
}
