// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// timeline.js - live bytes over time, stacked by segment kind, with the kernel's RSS over it.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 84, right: 16, top: 22, bottom: 26 };
const HEIGHT = 260;

function svg(tag, attributes, text) {
	const made = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes))
		made.setAttribute(name, value);
	if (text !== undefined)
		made.textContent = text;
	return made;
}

/** Round steps that divide a range into at most so many: 1, 2, 5 times a power of base. */
function ticks(most, count, base) {
	let step = base ** Math.floor(Math.log(most / count) / Math.log(base));
	const factors = base === 10 ? [1, 2, 5, 10] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
	step = Math.max(step, 1);
	step *= factors.find(factor => most / (step * factor) <= count) || base;
	const found = [];
	for (let at = 0; at <= most; at += step)
		found.push(at);
	return found;
}

class Timeline {
	constructor(box, tools, said, report) {
		Object.assign(this, { box, tools, said, report, at: -1 });
		this.moments = report.timeline;
		this.kinds = report.kinds.map((kind, i) => ({ name: kind.name, column: i + 2 }))
			.filter(kind => this.moments.some(moment => moment[kind.column]));
		this.hasRss = this.moments.some(moment => moment[1]);
		this.withRss = this.hasRss;
		if (this.moments.length < 2 || !(this.kinds.length || this.hasRss)) {
			box.replaceWith("There is nothing to draw: no block was live for long enough.");
			return;
		}
		this.legend();
		box.addEventListener("mousemove", event => this.hover(event));
		box.addEventListener("mouseleave", () => this.show(-1));
		box.addEventListener("keydown", event => this.key(event));
		new ResizeObserver(() => this.draw()).observe(box);
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
			this.tools.replaceChildren();
			this.legend();
			this.draw();
		});
	}

	/** One hue a kind, the same in every report. */
	colourOf(kind) {
		return `hsl(${(210 + 137 * (kind.column - 2)) % 360} ${style("--kind-s")} ${style("--kind-l")})`;
	}

	legend() {
		for (const kind of this.kinds) {
			const swatch = element("span", { className: "swatch" });
			swatch.style.background = this.colourOf(kind);
			this.tools.append(element("span", {}, swatch, ` ${kind.name}`));
		}
		if (!this.hasRss)
			return;
		const box = element("input", { type: "checkbox", id: "rss", checked: this.withRss });
		box.addEventListener("change", () => { this.withRss = box.checked; this.draw(); });
		this.tools.append(element("label", {}, box, element("span", { className: "swatch-line" }),
					  " RSS, as the kernel has it"));
	}

	sumOf(moment) {
		return this.kinds.reduce((sum, kind) => sum + moment[kind.column], 0);
	}

	scale() {
		const width = this.box.clientWidth, last = this.moments[this.moments.length - 1][0];
		const most = this.moments.reduce((high, moment) =>
			Math.max(high, this.sumOf(moment), this.withRss ? moment[1] : 0), 1);
		const span = Math.max(last, this.report.peakNs, 1);
		this.x = ns => MARGIN.left + (width - MARGIN.left - MARGIN.right) * ns / span;
		this.y = bytes => HEIGHT - MARGIN.bottom - (HEIGHT - MARGIN.top - MARGIN.bottom) * bytes / most;
		Object.assign(this, { width, span, most });
	}

	draw() {
		if (!this.box.clientWidth)
			return;
		this.scale();
		this.picture = svg("svg", { viewBox: `0 0 ${this.width} ${HEIGHT}`, height: HEIGHT });
		this.drawAxes();
		this.drawKinds();
		if (this.withRss)
			this.drawRss();
		this.drawPeak();
		this.cursor = svg("line", { class: "cursor", y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom,
					    visibility: "hidden" });
		this.picture.append(this.cursor);
		this.box.replaceChildren(this.picture);
	}

	drawAxes() {
		const right = this.width - MARGIN.right, bottom = HEIGHT - MARGIN.bottom;
		for (const bytes of ticks(this.most, 5, 1024)) {
			const y = this.y(bytes);
			this.picture.append(
				svg("line", { class: "grid", x1: MARGIN.left, x2: right, y1: y, y2: y }),
				svg("text", { x: MARGIN.left - 8, y: y + 4, "text-anchor": "end" },
				    bytes ? showBytes(bytes) : "0"));
		}
		for (const ns of ticks(this.span, 8, 10))
			this.picture.append(svg("text", { x: this.x(ns), y: bottom + 18, "text-anchor": "middle" },
						ns ? showTime(ns) : "0"));
	}

	/** From the bottom up, each kind on those before it. */
	drawKinds() {
		let below = this.moments.map(() => 0);
		for (const kind of this.kinds) {
			const above = this.moments.map((moment, i) => below[i] + moment[kind.column]);
			const edge = values => this.moments.map((moment, i) =>
				`${this.x(moment[0]).toFixed(1)},${this.y(values[i]).toFixed(1)}`);
			this.picture.append(svg("polygon", { fill: this.colourOf(kind), "data-kind": kind.name,
				points: [...edge(above), ...edge(below).reverse()].join(" ") }));
			below = above;
		}
	}

	drawRss() {
		const points = this.moments.filter(moment => moment[1])
			.map(moment => `${this.x(moment[0]).toFixed(1)},${this.y(moment[1]).toFixed(1)}`);
		this.picture.append(svg("polyline", { class: "rss", points: points.join(" ") }));
	}

	drawPeak() {
		const x = this.x(this.report.peakNs), atEnd = x > this.width - 220;
		this.picture.append(
			svg("line", { class: "peak", x1: x, x2: x, y1: MARGIN.top - 6, y2: HEIGHT - MARGIN.bottom }),
			svg("text", { class: "peak-label", x: atEnd ? x - 5 : x + 5, y: MARGIN.top - 8,
				      "text-anchor": atEnd ? "end" : "start" },
			    `peak ${showBytes(this.report.totals.peak[0])} at ${showTime(this.report.peakNs)}`));
	}

	hover(event) {
		const x = event.clientX - this.box.getBoundingClientRect().left;
		let nearest = 0;
		this.moments.forEach((moment, i) => {
			if (Math.abs(this.x(moment[0]) - x) < Math.abs(this.x(this.moments[nearest][0]) - x))
				nearest = i;
		});
		this.show(nearest);
	}

	key(event) {
		const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
		if (!(event.key in steps))
			return;
		event.preventDefault();
		this.show(Math.min(Math.max(this.at + steps[event.key], 0), this.moments.length - 1));
	}

	/** The figures of one moment; -1: none. */
	show(at) {
		this.at = at;
		this.cursor.setAttribute("visibility", at < 0 ? "hidden" : "visible");
		this.said.replaceChildren();
		if (at < 0)
			return;
		const moment = this.moments[at], x = this.x(moment[0]);
		this.cursor.setAttribute("x1", x);
		this.cursor.setAttribute("x2", x);
		const parts = this.kinds.filter(kind => moment[kind.column])
			.map(kind => `${kind.name} ${showBytes(moment[kind.column])}`);
		if (moment[1])
			parts.push(`RSS ${showBytes(moment[1])}`);
		this.said.append(element("b", {}, `${showTime(moment[0])}: ${showBytes(this.sumOf(moment))} live`),
				 parts.length ? ` — ${parts.join(", ")}` : "");
	}
}
