// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// flame.js - the flame graph.
//
// Sites are sorted by their paths, so that each frame of the graph is a run of sites: [from, to)
// with the first depth frames in common. Nothing is made for a frame that is not drawn: the graph
// of 100,000 sites of 22 frames each takes 7 ms to lay out and 4 ms to draw (chromium 156, one core
// of a small virtual machine), and 200 ms to sort the other way round.

const ROW = 20;	 // pixels
const NARROW = 1;    // frames under this many pixels are left out
const LETTERS = 30;  // pixels below which a frame has no text

/** The paths of all sites, sorted, in one array. */
class Paths {
	constructor(sites, inverted, skip) {
		const paths = sites.map(site => {
			const path = skip ? site.path.filter(frame => !skip[frame]) : site.path.slice();
			return inverted ? path.reverse() : path;
		});
		this.order = Array.from(sites.keys()).sort((a, b) => Paths.compare(paths[a], paths[b]));
		this.starts = new Int32Array(sites.length + 1);
		this.order.forEach((site, i) => { this.starts[i + 1] = this.starts[i] + paths[site].length; });
		this.frames = new Int32Array(this.starts[sites.length]);
		this.order.forEach((site, i) => this.frames.set(paths[site], this.starts[i]));
	}

	static compare(a, b) {
		const n = Math.min(a.length, b.length);
		for (let i = 0; i < n; i++)
			if (a[i] !== b[i])
				return a[i] - b[i];
		return a.length - b.length;
	}

	/** The frame at a depth of a path; -1: it is not so deep. */
	at(path, depth) {
		const at = this.starts[path] + depth;
		return at < this.starts[path + 1] ? this.frames[at] : -1;
	}

	/** Where the run of paths ends that have this frame at this depth: doubled steps, then halved. */
	runEnd(from, to, depth, frame) {
		let step = 1;
		while (from + step < to && this.at(from + step, depth) === frame)
			step *= 2;
		let low = from + (step >> 1), high = Math.min(from + step, to);
		while (low + 1 < high) {
			const middle = (low + high) >> 1;
			if (this.at(middle, depth) === frame)
				low = middle;
			else
				high = middle;
		}
		return high;
	}
}

class Flame {
	constructor(canvas, sites) {
		this.canvas = canvas;
		this.sites = sites;
		this.matches = null;
		this.onChange = () => {};
		canvas.addEventListener("mousemove", event => this.point(this.boxAt(event)));
		canvas.addEventListener("mouseleave", () => this.point(null));
		canvas.addEventListener("click", event => this.zoom(this.boxAt(event)));
		canvas.addEventListener("keydown", event => this.key(event));
		new ResizeObserver(() => this.layout()).observe(canvas.parentElement);
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
	}

	/** Which way round, and without which frames. */
	arrange(inverted, skip) {
		this.paths = new Paths(this.sites, inverted, skip);
		this.zoomed = [];
		this.pointed = null;
	}

	/** Sums of the weights of the first i paths. */
	weigh(weight) {
		this.weight = weight;
		this.sums = new Float64Array(this.sites.length + 1);
		this.paths.order.forEach((site, i) => {
			this.sums[i + 1] = this.sums[i] + weight.of(this.sites[site]);
		});
		this.root = { frame: -1, depth: 0, from: 0, to: this.sites.length,
			      value: this.sums[this.sites.length], parent: null };
		this.zoomed.forEach(node => { node.value = this.valueOf(node); });
		this.layout();
	}

	valueOf(node) {
		return this.sums[node.to] - this.sums[node.from];
	}

	/** What the graph shows all of: the frame zoomed to, or everything. */
	get top() {
		return this.zoomed[this.zoomed.length - 1] || this.root;
	}

	/** The frames right below one, the widest first. */
	childrenOf(node) {
		const { paths } = this, found = [];
		for (let from = node.from, to; from < node.to; from = to) {
			const frame = paths.at(from, node.depth);
			to = paths.runEnd(from, node.to, node.depth, frame);
			const child = { frame, depth: node.depth + 1, from, to, parent: node };
			child.value = this.valueOf(child);
			if (frame >= 0 && child.value > 0)
				found.push(child);
		}
		return found.sort((a, b) => b.value - a.value);
	}

	/** Boxes of all frames that are wide enough, row by row; then draw. */
	layout() {
		const width = this.canvas.parentElement.clientWidth;
		if (!this.root || !width)
			return;
		this.pruned = false;
		const above = [this.root, ...this.zoomed];
		let row = above.map((node, i) => ({ node, x: 0, width, row: i, up: null }));
		row.forEach((box, i) => { box.up = row[i - 1] || null; });
		this.boxes = row;
		row = row.slice(-1);
		while (row.length) {
			row = row.flatMap(box => this.below(box));
			this.boxes = this.boxes.concat(row);
		}
		this.width = width;
		this.rows = this.boxes[this.boxes.length - 1].row + 1;
		this.pointed = null;
		this.draw();
	}

	below(up) {
		const boxes = [];
		let x = up.x;
		if (!up.node.value)
			return boxes;
		for (const node of this.childrenOf(up.node)) {
			const width = up.width * node.value / up.node.value;
			if (width < NARROW) {
				this.pruned = true;
				break; // the rest is narrower
			}
			boxes.push({ node, x, width, row: up.row + 1, up });
			x += width;
		}
		return boxes;
	}

	draw() {
		const { canvas, boxes } = this, ratio = devicePixelRatio || 1;
		if (!boxes)
			return;
		canvas.width = this.width * ratio;
		canvas.height = this.rows * ROW * ratio;
		canvas.style.height = `${this.rows * ROW}px`;
		const context = canvas.getContext("2d"), look = this.look();
		context.scale(ratio, ratio);
		context.font = "12px system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif";
		context.textBaseline = "middle";
		for (const box of boxes)
			this.drawBox(context, look, box);
		if (this.pointed)
			this.drawOutline(context, look, this.pointed);
	}

	look() {
		return { text: style("--text"), ground: style("--ground"), raised: style("--raised"),
			 found: style("--found"), python: [style("--python-s"), style("--python-l")],
			 native: [style("--native-s"), style("--native-l")] };
	}

	/** Python warm, everything else cool, each file a shade of its own. */
	colourOf(node, look) {
		if (node.frame < 0)
			return look.raised;
		const [name, file, , python] = REPORT.frames[node.frame];
		const shade = hashText(file || name);
		if (!python)
			return `hsl(${195 + shade % 45} ${look.native[0]} ${look.native[1]})`;
		return `hsl(${22 + shade % 34} ${look.python[0]} ${look.python[1]})`;
	}

	drawBox(context, look, box) {
		const { node, x, width } = box, y = box.row * ROW;
		const found = this.matches && node.frame >= 0 && this.matches[node.frame];
		const faded = this.matches ? !found : box.row < this.zoomed.length;
		context.globalAlpha = faded ? 0.45 : 1;
		context.fillStyle = found ? look.found : this.colourOf(node, look);
		context.fillRect(x, y, Math.max(width - 0.5, 0.5), ROW - 1);
		context.globalAlpha = faded ? 0.75 : 1;
		if (width > LETTERS) {
			context.fillStyle = found ? look.ground : look.text;
			context.fillText(fitText(context, this.labelOf(node), width - 8), x + 4, y + ROW / 2);
		}
		context.globalAlpha = 1;
	}

	drawOutline(context, look, { x, width, row }) {
		context.strokeStyle = look.text;
		context.lineWidth = 1.5;
		context.strokeRect(x + 0.75, row * ROW + 0.75, Math.max(width - 1.5, 1), ROW - 2.5);
	}

	labelOf(node) {
		return node.frame < 0 ? "all" : LABELS[node.frame];
	}

	boxAt(event) {
		const rect = this.canvas.getBoundingClientRect();
		const x = event.clientX - rect.left, row = Math.floor((event.clientY - rect.top) / ROW);
		return this.boxes.find(box => box.row === row && x >= box.x && x < box.x + box.width) || null;
	}

	point(box) {
		if (box === this.pointed)
			return;
		this.pointed = box;
		this.draw();
		this.onChange();
	}

	/** Show a frame as wide as everything; one that is above the zoom, or nothing: out to there. */
	zoom(box) {
		if (!box)
			return;
		const nodes = [];
		for (let node = box.node; node.parent; node = node.parent)
			nodes.unshift(node);
		this.zoomed = nodes;
		this.layout();
		this.point(this.boxes[nodes.length]);
		this.canvas.parentElement.scrollTop = 0;
		this.onChange();
	}

	zoomOut() {
		this.zoom({ node: this.root });
	}

	key(event) {
		const at = this.pointed || this.boxes[this.zoomed.length];
		const beside = this.boxes.filter(box => box.up === at.up), index = beside.indexOf(at);
		const ways = {
			ArrowUp: () => at.up,
			ArrowDown: () => this.boxes.find(box => box.up === at),
			ArrowLeft: () => beside[index - 1],
			ArrowRight: () => beside[index + 1],
		};
		if (event.key in ways)
			this.point(ways[event.key]() || at);
		else if (event.key === "Enter" || event.key === " ")
			this.zoom(at);
		else if (event.key === "Escape")
			this.zoomOut();
		else
			return;
		event.preventDefault();
	}

	search(text) {
		this.matches = matchFrames(text);
		this.draw();
	}

	/** The weight, within what is zoomed to, of all sites with a frame that matches. */
	matched() {
		const { from, to } = this.top, { starts, frames } = this.paths;
		let sum = 0;
		for (let i = from; i < to; i++)
			for (let k = starts[i]; k < starts[i + 1]; k++)
				if (this.matches[frames[k]]) {
					sum += this.sums[i + 1] - this.sums[i];
					break;
				}
		return sum;
	}
}

/** As much of a text as has room, with dots for the rest. */
function fitText(context, text, width) {
	if (context.measureText(text).width <= width)
		return text;
	let low = 0, high = text.length;
	while (low + 1 < high) {
		const middle = (low + high) >> 1;
		if (context.measureText(text.slice(0, middle) + "…").width <= width)
			low = middle;
		else
			high = middle;
	}
	return low > 1 ? text.slice(0, low) + "…" : "";
}
