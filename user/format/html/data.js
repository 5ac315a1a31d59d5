// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// data.js - the report of this page, and what its figures are called.
//
// An amount is [bytes, blocks]. Members of the report:
//   frames     [name, file or null, line or 0, whether Python's, why it has no better name or
//              null], by number
//   sites      {path: numbers of frames, outermost first, reason: why it is not whole or null,
//              suppressed: the pattern or null, verdict: index of VERDICTS, oldestNs,
//              slope: bytes a second or null, live, peak, total, temporary: amounts, and one for
//              each of LEAKS if scanned}
//   leaks      an amount for each of LEAKS if scanned, of sites that are not suppressed
//   kinds      {name, live, peak: amounts}, by number of the segment kind
//   timeline   [time in ns, RSS or 0, bytes of each kind...], in order of time
//   sizes, lifetimes   [from, to, bytes, blocks]; to is not included

const REPORT = JSON.parse(byId("data").textContent);

/** A site comes as a list, without the names of its members. */
function readSite([path, reason, suppressed, verdict, oldestNs, slope, live, peak, total, temporary,
		   definite, indirect, possible, reachable]) {
	return { path, reason, suppressed, verdict, oldestNs, slope, live, peak, total, temporary,
		 definite, indirect, possible, reachable };
}

REPORT.sites = REPORT.sites.map(readSite);

const WEIGHTS = {
	live: { title: "bytes live at the end", show: showBytes, of: site => site.live[0] },
	peak: { title: "bytes live at the peak", show: showBytes, of: site => site.peak[0] },
	total: { title: "bytes ever allocated", show: showBytes, of: site => site.total[0] },
	allocs: { title: "allocations", show: showCount, of: site => site.total[1] },
	temporary: { title: "temporary allocations", show: showCount, of: site => site.temporary[1] },
};

const VERDICTS = ["", "unproven", "likely", "proven"];
const LEAKS = { definite: "Definitely lost", indirect: "Indirectly lost", possible: "Possibly lost",
		reachable: "Still reachable" };

/** "function (file.py:12)" */
function labelOf(frame) {
	const [name, file, line] = frame;
	if (!file || name.startsWith(baseName(file) + "+"))
		return showName(name);
	return showName(`${name} (${baseName(file)}${line ? ":" + line : ""})`);
}

/** The same with the whole path of the file, and with what is missing. */
function placeOf(frame) {
	const [name, file, line, , reason] = frame;
	return showName(name + (file ? ` (${file}${line ? ":" + line : ""})` : "") + (reason ? `: ${reason}` : ""));
}

/** The labels are what is searched; made once. */
const LABELS = REPORT.frames.map(labelOf);

const IMPORTS = REPORT.frames.map(frame => (frame[1] || "").startsWith("<frozen importlib"));

/** The Python line that a site is known by, or else its innermost frame; its number. */
function whereOf(site) {
	for (let i = site.path.length - 1; i >= 0; i--)
		if (REPORT.frames[site.path[i]][3])
			return site.path[i];
	return site.path[site.path.length - 1];
}

/** Whether each frame's label has the text, in any case. Null: there is no text. */
function matchFrames(text) {
	const wanted = text.trim().toLowerCase();
	return wanted ? LABELS.map(label => label.toLowerCase().includes(wanted)) : null;
}
