// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// text.js - figures and names as people read them, and the elements they are put in.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** 1536 is "1.5 KiB"; three digits at least, but for plain bytes. */
function showBytes(bytes) {
	let unit = 0;
	while (Math.abs(bytes) >= 1024 && unit < UNITS.length - 1) {
		bytes /= 1024;
		unit++;
	}
	const digits = unit === 0 || Math.abs(bytes) >= 100 ? 0 : Math.abs(bytes) >= 10 ? 1 : 2;
	return `${bytes.toFixed(digits)} ${UNITS[unit]}`;
}

function showCount(count) {
	return count.toLocaleString("en-US");
}

/** Nanoseconds in the largest unit that leaves a whole part. */
function showTime(ns) {
	const units = [[86400e9, "d"], [3600e9, "h"], [60e9, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"]];
	for (const [size, name] of units)
		if (ns >= size)
			return `${trim(ns / size)} ${name}`;
	return `${ns} ns`;
}

function trim(number) {
	return String(Number(number.toPrecision(3)));
}

function showShare(part, whole) {
	return whole ? `${(100 * part / whole).toFixed(1)} %` : "0 %";
}

// control characters, those that are not seen by themselves, and lone surrogates
const DECEIVES = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Text of the traced program: what a page would not show, or show as something else, is
 * spelled out. Bytes that were not UTF-8 came as U+DC80 to U+DCFF.
 */
function showName(text) {
	return text.replace(DECEIVES, c => {
		const code = c.codePointAt(0);
		if (code >= 0xdc80 && code <= 0xdcff)
			return "\\x" + (code - 0xdc00).toString(16);
		if (code < 0x100)
			return "\\x" + code.toString(16).padStart(2, "0");
		return (code < 0x10000 ? "\\u" : "\\U") + code.toString(16).padStart(4, "0");
	});
}

function baseName(path) {
	return path.slice(path.lastIndexOf("/") + 1);
}

/** An element with properties and children; strings become text, never markup. */
function element(tag, properties = {}, ...children) {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(properties))
		if (name in made && name !== "list")
			made[name] = value;
		else
			made.setAttribute(name, value);
	made.append(...children);
	return made;
}

function byId(id) {
	return document.getElementById(id);
}

/** A number made of a text, the same each time: for colours. */
function hashText(text) {
	let hash = 2166136261;
	for (let i = 0; i < text.length; i++)
		hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
	return hash >>> 0;
}

function style(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
