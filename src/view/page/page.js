// The page of `recordmill view`. Plain JavaScript: no library, no build, no request.
//
// Three elements hold the data as JSON: #about (the whole, see overview.rs), #items (what is shown, items.rs and records.rs) and
// #pictures ([small, large] of each item, JPEG in base64). Whatever comes from there gets on the page as text, by `make`.
"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const about = read("about");
  const items = read("items");
  let pictures = null;
  const picture = (item, large) => {
    pictures ??= read("pictures");
    const [small, full] = pictures[item.place];
    const data = (large && full) || small;
    return data ? `data:image/jpeg;base64,${data}` : null;
  };
  const data = about.dataset;
  items.forEach((item, place) => { item.place = place; });

  // ---- elements ----

  /** An element. Keys that begin with `on` are listeners, `text` is its text, the rest are attributes. */
  const make = (tag, given = {}, ...children) => fill(document.createElement(tag), given, children);
  const SVG = "http://www.w3.org/2000/svg";
  const draw = (tag, given = {}, ...children) => fill(document.createElementNS(SVG, tag), given, children);
  function fill(element, given, children) {
    for (const [name, value] of Object.entries(given)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "text") element.textContent = value;
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  }
  /** Styles by the object model: as attributes the page's own policy refuses them. */
  const styled = (element, styles) => { Object.assign(element.style, styles); return element; };

  // ---- words and numbers ----

  const whole = new Intl.NumberFormat("en");
  const count = (number, word) => `${whole.format(number)} ${word}${number === 1 ? "" : "s"}`;
  const percent = (part) => `${(part * 100).toFixed(part && part < 0.1 ? 1 : 0)}%`;
  const short = (number) =>
    Math.abs(number) >= 1000 || Number.isInteger(number) ? whole.format(Math.round(number)) : String(Number(number.toPrecision(4)));
  function bytes(number) {
    const units = ["B", "KB", "MB", "GB", "TB"];
    let unit = 0;
    while (number >= 1000 && unit < units.length - 1) { number /= 1000; unit += 1; }
    return `${unit ? number.toFixed(1) : number} ${units[unit]}`;
  }
  const last = (path) => path.split("/").pop() || path;
  const range = (low, high, shown = short) => (low === high ? shown(low) : `${shown(low)} to ${shown(high)}`);

  // ---- classes ----

  const FLAGS = { 1: "difficult", 2: "truncated", 4: "occluded", 8: "crowd" };
  const [DIFFICULT, CROWD] = [1, 8];
  // Light enough for dark text and to stand out from a picture, dark enough to be seen on white.
  const COLORS = ["#ff5a5f", "#2fb4ff", "#ffb000", "#35c46a", "#b07cff", "#ff7ac6", "#00bfae", "#ff8c42", "#93c52a", "#7a9cff", "#d8c72f", "#c98b5a"];
  const classes = new Map();
  (data ? data.classes : []).forEach((row, place) => {
    const hue = Math.round((place * 137.508 + 85) % 360);
    const color = place < COLORS.length ? COLORS[place] : `hsl(${hue} ${place % 2 ? 85 : 65}% ${[62, 70, 56][place % 3]}%)`;
    classes.set(row.place, { ...row, color });
  });
  const classOf = (place) => classes.get(place) || { name: `class ${place}`, color: "#bbbbbb", keypoints: [], skeleton: [] };
  const swatch = (place) => styled(make("span", { class: "swatch", "aria-hidden": "true" }), { background: classOf(place).color });

  /** Classes of an item and how many objects each has, the most frequent first. */
  function tally(item) {
    const found = new Map();
    for (const shape of item.objects || []) found.set(shape.c, (found.get(shape.c) || 0) + 1);
    for (const label of item.labels || []) if (!found.has(label)) found.set(label, 0);
    return [...found].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  }
  const inWords = (item) => tally(item).map(([place, n]) => (n > 1 ? `${classOf(place).name} ${n}` : classOf(place).name)).join(", ");
  const objectCount = (item) => (item.objects ? item.objects.length + (item.more || 0) : 0);
  const worst = (item) => ["error", "fixed", "note"].find((word) => (item.problems || []).some((problem) => problem[1] === word));
  const area = (shape) => (shape.b ? (shape.b[2] - shape.b[0]) * (shape.b[3] - shape.b[1]) : 0);

  // ---- what is drawn on an image ----

  const points = (flat) => {
    const found = [];
    for (let at = 0; at + 1 < flat.length; at += 2) found.push([flat[at], flat[at + 1]]);
    return found;
  };
  const way = (flat) => `M${points(flat).map(([x, y]) => `${x} ${y}`).join("L")}Z`;
  const finite = (list) => list.every((number) => Number.isFinite(number));

  /** The lines of one object as a group. */
  function drawn(shape, at) {
    const { color, skeleton = [] } = classOf(shape.c);
    const kind = `${shape.f & CROWD ? " crowd" : ""}${shape.f & DIFFICULT ? " difficult" : ""}`;
    const group = draw("g", { "data-object": at });
    const line = (part, d, more = "") => group.append(
      draw("path", { class: `shape under ${part}${more}`, d }),
      draw("path", { class: `shape over ${part}${more}${kind}`, d, stroke: color }),
    );
    const outlines = [...(shape.p || []), ...(shape.m || [])].filter(finite);
    if (outlines.length) {
      const d = outlines.map(way).join("");
      group.append(draw("path", { class: "fill outline", d, fill: color }));
      line("outline", d);
    }
    if (shape.r && finite(shape.r)) {
      line("box", way(shape.r));
    } else if (shape.b) {
      const [x0, y0, x1, y1] = shape.b;
      const box = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
      group.append(draw("rect", { class: "shape under box", ...box }), draw("rect", { class: `shape over box${kind}`, ...box, stroke: color }));
    }
    const knots = [];
    for (let i = 0; i + 2 < (shape.k || []).length; i += 3) knots.push(shape.k.slice(i, i + 3));
    const seen = (knot) => knot && knot[2] > 0 && finite(knot);
    for (const [a, b] of skeleton) {
      if (seen(knots[a]) && seen(knots[b])) {
        line("bone keypoints", `M${knots[a][0]} ${knots[a][1]}L${knots[b][0]} ${knots[b][1]}`);
      }
    }
    for (const [x, y, visible] of knots.filter(seen)) {
      const d = `M${x} ${y}h0`;
      line("knot keypoints", d);
      if (visible === 1) group.append(draw("path", { class: "shape knot hidden keypoints", d }));
    }
    return group;
  }

  /** What stands beside an object's box. */
  function tagText(shape) {
    const words = [classOf(shape.c).name];
    if (shape.t !== undefined) words.push(`#${shape.t}`);
    if (shape.s !== undefined) words.push(shape.s.toFixed(2));
    for (const [bit, word] of Object.entries(FLAGS)) if (shape.f & bit) words.push(word);
    return words.join(" ");
  }

  /** The image with its objects; `large` for the one that was opened. It fills what it is put in. */
  function frameOf(item, large) {
    const [width, height] = item.size || [4, 3];
    const frame = make("div", { class: "frame" });
    const source = picture(item, large);
    if (source) frame.append(make("img", { src: source, alt: "", draggable: "false", decoding: "async" }));
    else frame.classList.add("bare");
    const shapes = item.objects || [];
    const layer = draw("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    // Small ones above large ones.
    const order = shapes.map((shape, at) => [area(shape), at]).sort((a, b) => b[0] - a[0]);
    for (const [, at] of order) layer.append(drawn(shapes[at], at));
    frame.append(layer);
    // On a thumbnail, names of boxes that are wide enough to be told apart.
    const named = shapes.map((shape, at) => [shape, at]).filter(([shape]) => shape.b && (large || (shape.b[2] - shape.b[0]) / width > 0.14));
    named.sort((a, b) => area(b[0]) - area(a[0]));
    for (const [shape, at] of named.slice(0, large ? 150 : 8)) {
      const [x0, y0] = shape.b.map((side, axis) => Math.min(Math.max(side / (axis % 2 ? height : width), 0), 0.97));
      const tag = make("span", { class: `tag${y0 > 0.07 ? " above" : ""}`, "data-object": at, text: tagText(shape) });
      // At the right edge a name ends with its box in place of beginning with it.
      const side = x0 > 0.72 ? { right: `${Math.max(1 - shape.b[2] / width, 0) * 100}%`, maxWidth: "100%" } : { left: `${x0 * 100}%`, maxWidth: `${(1 - x0) * 100}%` };
      frame.append(styled(tag, { ...side, top: `${y0 * 100}%`, background: classOf(shape.c).color }));
    }
    return frame;
  }

  /** Lights up one object, or the ones that `is` says, and dims the others. */
  function light(frame, is) {
    for (const part of frame.querySelectorAll("[data-object]")) {
      const on = is ? is(Number(part.dataset.object)) : null;
      part.classList.toggle("dim", on === false);
      part.classList.toggle("on", on === true);
    }
  }

  // ---- gallery ----

  const main = document.getElementById("main");
  const RATIO = 4 / 3;
  const filter = { text: "", class: "", split: "", least: "", most: "", object: "", image: "", has: "" };
  const cards = [];
  let shown = items;
  let order = "source";

  const BANDS = {
    object: { small: [0, 32 ** 2], medium: [32 ** 2, 96 ** 2], large: [96 ** 2, Infinity] },
    image: { small: [0, 300 ** 2], medium: [300 ** 2, 1000 ** 2], large: [1000 ** 2, 2000 ** 2], jumbo: [2000 ** 2, Infinity] },
  };
  const within = ([low, high], value) => value >= low && value < high;
  const HAS = {
    problems: ["problems", (item) => (item.problems || []).length > 0],
    empty: ["no objects", (item) => objectCount(item) === 0 && !(item.labels || []).length],
    outline: ["outlines or masks", (item) => item.objects.some((shape) => shape.p || shape.m)],
    keypoints: ["keypoints", (item) => item.objects.some((shape) => shape.k)],
    turned: ["turned boxes", (item) => item.objects.some((shape) => shape.r)],
    track: ["tracks", (item) => item.objects.some((shape) => shape.t !== undefined)],
    crowd: ["crowds", (item) => item.objects.some((shape) => shape.f & CROWD)],
    difficult: ["difficult objects", (item) => item.objects.some((shape) => shape.f & DIFFICULT)],
    captions: ["captions", (item) => (item.captions || []).length > 0],
    missing: ["no picture", (item) => Boolean(item.note)],
  };

  function passes(item) {
    if (filter.text && !item.key.toLowerCase().includes(filter.text)) return false;
    if (!data) return true;
    const wanted = filter.class === "" ? null : Number(filter.class);
    const ours = wanted === null ? item.objects : item.objects.filter((shape) => shape.c === wanted);
    if (wanted !== null && !ours.length && !(item.labels || []).includes(wanted)) return false;
    if (filter.split && (item.split || "none") !== filter.split) return false;
    const objects = wanted === null ? objectCount(item) : ours.length;
    if (filter.least !== "" && objects < Number(filter.least)) return false;
    if (filter.most !== "" && objects > Number(filter.most)) return false;
    if (filter.object && !ours.some((shape) => within(BANDS.object[filter.object], area(shape)))) return false;
    if (filter.image && !within(BANDS.image[filter.image], item.size[0] * item.size[1])) return false;
    return !filter.has || HAS[filter.has][1](item);
  }

  const ORDERS = {
    source: ["order of the source", (a, b) => a.place - b.place],
    name: ["name", (a, b) => a.key.localeCompare(b.key, "en", { numeric: true })],
    most: ["most objects", (a, b) => objectCount(b) - objectCount(a)],
    fewest: ["fewest objects", (a, b) => objectCount(a) - objectCount(b)],
    large: ["largest image", (a, b) => b.size[0] * b.size[1] - a.size[0] * a.size[1]],
    small: ["smallest image", (a, b) => a.size[0] * a.size[1] - b.size[0] * b.size[1]],
  };

  /** Puts an image into the middle of a box of the shape RATIO, by parts of it. */
  function fitted(frame, [width, height]) {
    const wide = width / height > RATIO;
    const [w, h] = wide ? [1, RATIO * (height / width)] : [width / height / RATIO, 1];
    return styled(frame, { width: `${w * 100}%`, height: `${h * 100}%`, left: `${(1 - w) * 50}%`, top: `${(1 - h) * 50}%` });
  }

  function preview(record) {
    const rows = [...record.features, ...record.feature_lists].slice(0, 7);
    const lines = rows.map((row) => make("div", {}, make("span", { class: "key", text: row.key }), make("span", { class: "value", text: row.summary })));
    return make("div", { class: "preview mono" }, lines.length ? lines : [make("div", { text: record.summary || "nothing in it" })]);
  }

  /** Draws what is on a card; not before it comes into view. */
  function paint(card) {
    if (card.painted) return;
    card.painted = true;
    const { item, media } = card;
    if (!item.objects && !picture(item)) {
      media.append(preview(item.record));
      return;
    }
    media.append(fitted(frameOf(item, false), item.size));
    if (item.note) media.append(make("span", { class: "why", text: item.note }));
    dimOthers(card);
  }

  /** With a class chosen, its objects stand out on every card. */
  function dimOthers({ item, media }) {
    const wanted = filter.class === "" ? null : Number(filter.class);
    light(media, wanted === null ? null : (at) => item.objects[at].c === wanted);
    for (const part of media.querySelectorAll(".on")) part.classList.remove("on");
  }

  function cardOf(item) {
    const media = make("div", { class: "media" });
    const grave = worst(item);
    const facts = make("div", { class: "facts" });
    if (data) {
      const [first, ...rest] = tally(item);
      if (first) facts.append(make("span", { class: "classes" }, swatch(first[0]), inWords(item)));
      else facts.append(make("span", { class: "classes", text: "no objects" }));
      if (rest.length) facts.firstChild.setAttribute("title", inWords(item));
    } else {
      facts.append(make("span", { class: "classes", text: `${item.record.kind}, ${bytes(item.record.bytes)}` }));
    }
    const right = make("span", { class: "right" });
    if (item.split) right.append(make("span", { class: "chip", text: item.split }));
    if (grave) right.append(make("span", { class: `chip ${grave}`, text: whole.format(item.problems.length), title: count(item.problems.length, "problem") }));
    facts.append(right);
    const label = [item.key, data ? count(objectCount(item), "object") : item.record.kind, data ? inWords(item) : "", grave ? count(item.problems.length, "problem") : ""];
    const button = make(
      "button",
      { type: "button", class: "card", tabindex: "-1", "aria-label": label.filter(Boolean).join(", "), onclick: () => openDetail(item) },
      media,
      make("div", { class: "meta" }, make("div", { class: "name", text: last(item.key), title: item.key }), facts),
    );
    return { item, media, button, element: make("li", {}, button), painted: false };
  }

  const gallery = make("ul", { class: "gallery", "aria-label": data ? "Images" : "Records" });
  const status = make("p", { role: "status", "aria-live": "polite" });
  const clear = make("button", { type: "button", id: "clear", text: "Reset", hidden: true, onclick: reset });
  const nothing = make("p", { class: "none", text: "Nothing here is like that.", hidden: true });
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      paint(cards[Number(entry.target.dataset.place)]);
    }
  }, { rootMargin: "800px" });

  function refilter() {
    shown = items.filter(passes).sort(ORDERS[order][1]);
    for (const card of cards) if (card.painted && data) dimOthers(card);
    // Taken out, not hidden: to hide thousands takes browsers seconds.
    gallery.replaceChildren(...shown.map((item) => cards[item.place].element));
    nothing.hidden = shown.length > 0;
    clear.hidden = order === "source" && Object.values(filter).every((value) => value === "");
    status.replaceChildren(make("strong", { text: whole.format(shown.length) }), ` of ${whole.format(items.length)} shown`);
    rove(shown.length ? cards[shown[0].place].button : null);
  }

  /** One card can be reached by Tab; arrows lead to the others. */
  let reached = null;
  function rove(button, focus = false) {
    if (reached) reached.tabIndex = -1;
    reached = button;
    if (!button) return;
    button.tabIndex = 0;
    if (focus) { button.focus(); button.scrollIntoView({ block: "nearest" }); }
  }
  gallery.addEventListener("focusin", (event) => {
    const button = event.target.closest(".card");
    if (button && button !== reached) rove(button);
  });
  gallery.addEventListener("keydown", (event) => {
    const at = shown.findIndex((item) => cards[item.place].button === event.target);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const columns = getComputedStyle(gallery).gridTemplateColumns.split(" ").length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: shown.length - 1 - at };
    const to = at + steps[event.key];
    if (Number.isNaN(to)) return;
    event.preventDefault();
    if (to >= 0 && to < shown.length) rove(cards[shown[to].place].button, true);
  });

  // ---- tools ----

  const field = (label, input, more = "") => make("label", { class: `field ${more}` }, make("span", { text: label }), input);
  const select = (name, options, change) => make("select", { name, onchange: (event) => change(event.target.value) }, options.map(([value, text]) => make("option", { value, text })));
  const search = make("input", { type: "search", name: "text", placeholder: "Part of the file name  ( / )", autocomplete: "off", spellcheck: "false" });
  search.addEventListener("input", () => { filter.text = search.value.trim().toLowerCase(); refilter(); });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { search.value = ""; filter.text = ""; refilter(); search.blur(); }
    if ((event.key === "ArrowDown" || event.key === "Enter") && shown.length) { event.preventDefault(); rove(cards[shown[0].place].button, true); }
  });
  const chosen = (name) => (value) => { filter[name] = value; refilter(); };

  function tools() {
    const inner = [];
    if (data) {
      const there = new Map();
      for (const item of items) for (const [place] of tally(item)) there.set(place, (there.get(place) || 0) + 1);
      const options = [...there].sort((a, b) => a[0] - b[0]).map(([place, n]) => [place, `${classOf(place).name} (${whole.format(n)})`]);
      inner.push(field("Class", select("class", [["", "any"], ...options], chosen("class"))));
      const splits = [...new Set(items.map((item) => item.split || "none"))];
      if (splits.length > 1) inner.push(field("Split", select("split", [["", "any"], ...splits.map((name) => [name, name])], chosen("split"))));
      const number = (name, label) => make("input", { type: "number", name, min: "0", "aria-label": label, oninput: (event) => chosen(name)(event.target.value) });
      inner.push(make("div", { class: "field", role: "group", "aria-label": "Objects" }, make("span", { text: "Objects" }), make("span", { class: "pair" }, number("least", "at least"), "to", number("most", "at most"))));
      const bands = (what, words) => [["", "any"], ...Object.keys(BANDS[what]).map((name, at) => [name, `${name} (${words[at]})`])];
      inner.push(field("Object size", select("object", bands("object", ["< 32²", "< 96²", "larger"]), chosen("object"))));
      inner.push(field("Image size", select("image", bands("image", ["< 300²", "< 1000²", "< 2000²", "larger"]), chosen("image"))));
      const has = Object.entries(HAS).filter(([, [, is]]) => { const n = items.filter(is).length; return n > 0 && n < items.length; });
      if (has.length) inner.push(field("With", select("has", [["", "anything"], ...has.map(([name, [word]]) => [name, word])], chosen("has"))));
    }
    const more = make("div", { class: "more", id: "filters" }, inner);
    const toggle = make("button", { type: "button", id: "more", "aria-expanded": "false", "aria-controls": "filters", text: "Filters" });
    toggle.addEventListener("click", () => toggle.setAttribute("aria-expanded", String(more.classList.toggle("shown"))));
    return make("form", { class: "tools", role: "search", onsubmit: (event) => event.preventDefault() }, field("Search", search, "search"), toggle, more);
  }

  /** How the gallery looks: order, what is drawn, how large. */
  function looks() {
    const orders = Object.entries(ORDERS).filter(([name]) => data || ["source", "name"].includes(name));
    const sorted = select("order", orders.map(([name, [word]]) => [name, word]), (value) => { order = value; refilter(); });
    const slider = make("input", { type: "range", min: "120", max: "520", step: "20", value: "220", "aria-label": "Size of the pictures" });
    slider.addEventListener("input", () => document.documentElement.style.setProperty("--tile", `${slider.value}px`));
    return make("div", { class: "draws" }, data ? switches() : null, make("label", {}, "Sort", sorted), make("label", {}, "Size", slider));
  }

  /** What is drawn: on all cards and on the image that is open. */
  function switches() {
    const parts = [["boxes", "Boxes", true], ["outlines", "Outlines", items.some(HAS.outline[1])], ["keypoints", "Keypoints", items.some(HAS.keypoints[1])], ["labels", "Names", true]];
    const buttons = parts.filter(([, , there]) => there).map(([name, text]) => make("button", {
      type: "button", "aria-pressed": "true", text, "data-draws": name,
      onclick: (event) => event.currentTarget.setAttribute("aria-pressed", String(!document.body.classList.toggle(`hide-${name}`))),
    }));
    return make("div", { class: "drawn", role: "group", "aria-label": "Drawn on images" }, "Draw", make("span", { class: "group" }, buttons));
  }

  function reset() {
    Object.keys(filter).forEach((name) => { filter[name] = ""; });
    order = "source";
    document.querySelector(".tools").reset();
    document.querySelector("select[name=order]").value = order;
    refilter();
  }

  /** Shows the images of a class. */
  function showClass(place) {
    reset();
    filter.class = String(place);
    document.querySelector("select[name=class]").value = filter.class;
    refilter();
    choose("images", true);
  }

  function sampleText() {
    const { shown: there, of, seed, cut, limit } = about.sample;
    const things = data ? "image" : "record";
    if (about.kind === "health") {
      if (!of) return "No image has a problem of its own.";
      return there < of ? `${whole.format(there)} of ${count(of, "image")} with problems are on this page.` : `All ${count(of, "image")} with problems are on this page.`;
    }
    if (there === of) return `All ${count(of, things)} are on this page.`;
    const why = cut ? ", as many as keep it small (--limit shows more)" : there < limit ? "" : ` (--limit ${limit})`;
    return `${whole.format(there)} of ${count(of, things)} are on this page, drawn with seed ${seed}${why}. Statistics are of all.`;
  }

  function imagesPart() {
    items.forEach((item, place) => {
      const card = cardOf(item);
      card.element.dataset.place = place;
      cards.push(card);
      seen.observe(card.element);
    });
    return [tools(), make("div", { class: "state" }, status, clear, make("p", { text: sampleText() }), looks()), gallery, nothing];
  }

  // ---- one image ----

  const dialog = document.getElementById("detail");
  let open = null;
  let marked = -1;

  function openDetail(item) {
    open = item;
    marked = -1;
    dialog.replaceChildren(detailOf(item));
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(".stage").focus();
  }
  dialog.addEventListener("close", () => {
    // The event comes later: another image may be open by then.
    if (dialog.open) return;
    sizing.disconnect();
    if (open && cards[open.place].element.isConnected) rove(cards[open.place].button, true);
    open = null;
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const object = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); go(step); }
    if (object && open.objects && open.objects.length && !event.target.closest(".panel")) {
      event.preventDefault();
      mark((marked + object + open.objects.length) % open.objects.length);
    }
  });
  const neighbour = (step) => shown[shown.indexOf(open) + step];
  function go(step) { const next = shown.includes(open) && neighbour(step); if (next) openDetail(next); }

  /** Lights up an object and its row. */
  function mark(at, scroll = true) {
    marked = at;
    light(dialog.querySelector(".frame"), at < 0 ? null : (object) => object === at);
    for (const row of dialog.querySelectorAll(".objects tbody tr")) {
      const on = Number(row.dataset.row) === at;
      row.classList.toggle("on", on);
      if (on && scroll) row.scrollIntoView({ block: "nearest" });
    }
  }

  /** The largest frame of the image's shape inside the stage. */
  const sizing = new ResizeObserver(() => {
    const stage = dialog.querySelector(".stage");
    const frame = stage && stage.querySelector(".frame");
    if (!frame || !open) return;
    const [width, height] = open.size;
    const box = getComputedStyle(stage);
    const room = [stage.clientWidth - parseFloat(box.paddingLeft) * 2, stage.clientHeight - parseFloat(box.paddingTop) * 2];
    const scale = Math.min(room[0] / width, room[1] / height);
    styled(frame, { width: `${width * scale}px`, height: `${height * scale}px` });
  });

  function detailOf(item) {
    const at = shown.indexOf(item);
    const head = make(
      "header", {},
      make("h2", { id: "detail-name", text: item.key, title: item.key }),
      make("span", { class: "soft small", text: at < 0 ? "" : `${whole.format(at + 1)} / ${whole.format(shown.length)}` }),
      make("button", { type: "button", "aria-label": "Previous", text: "←", disabled: at <= 0, onclick: () => go(-1) }),
      make("button", { type: "button", "aria-label": "Next", text: "→", disabled: at < 0 || at + 1 >= shown.length, onclick: () => go(1) }),
      make("button", { type: "button", "aria-label": "Close", text: "✕", onclick: () => dialog.close() }),
    );
    const stage = make("div", { class: "stage", tabindex: "-1" });
    const source = picture(item, true);
    if (item.objects || source) {
      stage.append(frameOf(item, true));
      const image = stage.querySelector("img");
      if (image) image.alt = item.key;
      const caption = make("span", { class: "caption", hidden: true });
      const note = () => {
        const smaller = image && image.naturalWidth && image.naturalWidth < item.size[0] * 0.99;
        caption.textContent = item.note || (source ? `picture of ${image.naturalWidth} × ${image.naturalHeight}` : "no picture");
        caption.hidden = !(smaller || item.note || !source);
      };
      if (image) image.addEventListener("load", note);
      note();
      stage.append(caption);
      sizing.disconnect();
      sizing.observe(stage);
    } else {
      stage.append(make("p", { class: "soft", text: item.record.summary || "no image in this record" }));
    }
    return make("div", { class: "detail" }, head, stage, make("div", { class: "panel" }, panelOf(item)));
  }

  const section = (title, ...children) => make("section", {}, make("h3", { text: title }), ...children);

  function panelOf(item) {
    const parts = [];
    const rows = [];
    const fact = (name, value) => { if (value !== undefined && value !== null && value !== "") rows.push(make("dt", { text: name }), make("dd", { text: value })); };
    if (item.size) fact("size", `${item.size[0]} × ${item.size[1]}${item.guessed ? " (not known)" : ""}`);
    if (item.kind) fact("kind", [item.kind, item.bytes && bytes(item.bytes), item.orientation && `EXIF orientation ${item.orientation}`].filter(Boolean).join(", "));
    fact("split", item.split);
    if ((item.labels || []).length) fact("class", item.labels.map((place) => classOf(place).name).join(", "));
    fact("id", item.id);
    fact("annotation", item.annotation);
    fact("url", item.url);
    if (item.record) {
      fact("record", `${whole.format(item.record.number)} of ${item.record.path}`);
      fact("at byte", whole.format(item.record.offset));
      fact("holds", `${item.record.kind}, ${bytes(item.record.bytes)}`);
    }
    parts.push(section(data ? "Image" : "Record", make("dl", {}, rows)));
    if ((item.problems || []).length) {
      parts.push(section("Problems", ...item.problems.map(([kind, severity, message]) =>
        make("p", { class: "problem" }, make("span", { class: `chip ${severity}`, text: kind }), make("span", { text: message })))));
    }
    if ((item.captions || []).length) parts.push(section("Captions", ...item.captions.map((text) => make("p", { class: "small", text }))));
    if ((item.objects || []).length) parts.push(section(`${count(objectCount(item), "object")}${item.more ? `, ${whole.format(item.objects.length)} of them drawn` : ""}`, objectTable(item)));
    if (item.record) {
      const { features, feature_lists: lists, summary, left_out: left } = item.record;
      if (summary) parts.push(section("Payload", make("p", { class: "mono", text: summary })));
      if (features.length) parts.push(section("Features", featureTable(features)));
      if (lists.length) parts.push(section("Feature lists, the first step of each", featureTable(lists, "step")));
      if (left) parts.push(make("p", { class: "soft small", text: `and ${whole.format(left)} more features` }));
    }
    return parts;
  }

  const table = (heads, rows, given = {}) => make("div", { class: "scroll" }, make("table", given,
    make("thead", {}, make("tr", {}, heads.map(([text, kind]) => make("th", { scope: "col", class: kind, text })))), make("tbody", {}, rows)));

  function featureTable(rows, what = "value") {
    return table([["feature"], ["what"]], rows.map((row) => make("tr", {},
      make("td", { class: "key" }, make("div", { class: "mono", text: row.key }), make("div", { class: "soft small", text: `${row.kind || "unset"}, ${count(row.len, what)}` })),
      make("td", { class: "mono", text: row.summary }))), { class: "features" });
  }

  function objectTable(item) {
    // A line that all have in common says nothing of any.
    const lines = new Set(item.objects.map((shape) => shape.n)).size > 1;
    const more = (shape) => {
      const words = Object.entries(FLAGS).filter(([bit]) => shape.f & bit).map(([, word]) => word);
      if (shape.v) words.push(shape.v);
      if (shape.t !== undefined) words.push(`track ${shape.t}`);
      if (shape.s !== undefined) words.push(`score ${short(shape.s)}`);
      if (shape.i !== undefined) words.push(`id ${shape.i}`);
      if (shape.a !== undefined) words.push(`area ${short(shape.a)}`);
      if (shape.r) words.push("turned");
      if (shape.p) words.push(`outline of ${shape.p.length > 1 ? `${shape.p.length} parts` : "one part"}`);
      if (shape.m) words.push("mask");
      if (shape.k) {
        const names = classOf(shape.c).keypoints || [];
        const labelled = [];
        for (let i = 0; i + 2 < shape.k.length; i += 3) if (shape.k[i + 2] > 0) labelled.push(names[i / 3] || String(i / 3 + 1));
        words.push(`${count(labelled.length, "keypoint")}: ${labelled.join(", ")}`);
      }
      if (shape.o) words.push(`in the source ${shape.o.map((side) => (side === null ? "?" : short(side))).join(" ")}`);
      for (const [name, value] of shape.x || []) words.push(`${name}: ${value}`);
      if (shape.n && lines) words.push(`line ${whole.format(shape.n)}`);
      return words.join(", ");
    };
    const rows = item.objects.map((shape, at) => {
      const box = shape.b ? `${short(shape.b[0])}, ${short(shape.b[1])}` : "?";
      const size = shape.b ? `${short(shape.b[2] - shape.b[0])} × ${short(shape.b[3] - shape.b[1])}` : "not finite";
      const said = more(shape);
      return make("tr", { "data-row": at, onmouseenter: () => mark(at, false), onmouseleave: () => mark(-1), onclick: () => mark(at) },
        make("td", {}, swatch(shape.c), classOf(shape.c).name, said ? make("div", { class: "soft small", text: said }) : null),
        make("td", { class: "number", text: box }), make("td", { class: "number", text: size }));
    });
    return table([["class"], ["x, y", "number"], ["width × height", "number"]], rows, { class: "objects" });
  }

  // ---- statistics ----

  const block = (title, ...children) => make("section", { class: "block" }, make("h2", { text: title }), ...children);
  const spreadRow = (name, spread) => spread && make("tr", {}, make("td", { text: name }), ["min", "median", "mean", "max"].map((key) => make("td", { class: "number", text: short(spread[key]) })));
  const spreads = (rows) => table([[""], ["least", "number"], ["median", "number"], ["mean", "number"], ["most", "number"]], rows.filter(Boolean));

  /** Rows of a name, a bar and a number. */
  function bars(rows) {
    const most = Math.max(1, ...rows.map((row) => row.value));
    return make("div", { class: "bars" }, rows.flatMap(({ name, value, text, color, onclick, title }) => {
      const label = [color ? styled(make("span", { class: "swatch" }), { background: color }) : null, make("span", { text: name })];
      const bar = styled(make("div", { class: "bar" }), { width: `${(value / most) * 100}%`, background: color || "" });
      if (!value) bar.hidden = true;
      return [
        make(onclick ? "button" : "span", { class: "label", type: onclick ? "button" : null, onclick, title: title || name }, label),
        make("div", { class: "track" }, bar),
        make("span", { class: "value", text: text || whole.format(value) }),
      ];
    }));
  }

  function classesBlock() {
    const FIRST = 25;
    const ofImages = data.objects === 0;
    const key = ofImages ? "images" : "objects";
    const rows = [...data.classes].sort((a, b) => b[key] - a[key] || a.place - b.place);
    const there = new Set(items.flatMap((item) => tally(item).map(([place]) => place)));
    const list = (some) => bars(some.map((row) => ({
      name: row.name, value: row[key], color: classOf(row.place).color,
      text: `${whole.format(row[key])}${ofImages ? "" : ` in ${count(row.images, "image")}`} · ${percent(row.share)}${row.balance === "fair" ? "" : ` · ${row.balance}`}`,
      title: there.has(row.place) ? `Show the images with ${row.name}` : `${row.name}: none of its images is on this page`,
      onclick: there.has(row.place) ? () => showClass(row.place) : null,
    })));
    const made = block("Classes", make("p", { text: `${count(data.class_count, "class").replace(/classs$/, "classes")}, by ${key}. "under" has less than half, "over" more than double the mean.` }));
    made.classList.add("wide");
    const place = make("div", {}, list(rows.slice(0, FIRST)));
    made.append(place);
    if (rows.length > FIRST) {
      const all = make("button", { type: "button", text: `Show ${whole.format(rows.length)}` });
      all.addEventListener("click", () => { place.replaceChildren(list(rows)); all.remove(); });
      made.append(make("div", {}, all));
    }
    if (data.class_count > rows.length) made.append(make("p", { text: `The ${whole.format(rows.length)} most frequent ones, and those on this page.` }));
    return made;
  }

  /** How many boxes are how wide and high, both by half octaves. */
  function sizesPlot() {
    const cells = data.box_sizes;
    const low = Math.min(...cells.map((cell) => Math.min(cell.width, cell.height)));
    const high = Math.max(...cells.map((cell) => Math.max(cell.width, cell.height))) + 1;
    const [side, left, top] = [300, 46, 8];
    const unit = side / Math.max(high - low, 4);
    const x = (step) => left + (step - low) * unit;
    const y = (step) => top + side - (step - low) * unit;
    const most = Math.max(...cells.map((cell) => cell.boxes));
    const plot = draw("svg", { class: "plot", viewBox: `0 0 ${left + side + 12} ${top + side + 40}`, role: "img", "aria-label": "Boxes by width and height" });
    plot.append(draw("rect", { class: "back", x: left, y: top, width: side, height: side, rx: 4 }));
    for (const cell of cells) {
      const words = (step) => `${short(Math.round(2 ** (step / 2)))} to ${short(Math.round(2 ** ((step + 1) / 2)))}`;
      const rect = draw("rect", { class: "cell", x: x(cell.width) + 0.5, y: y(cell.height + 1) + 0.5, width: Math.max(unit - 1, 1), height: Math.max(unit - 1, 1), rx: 1, "fill-opacity": 0.12 + 0.88 * Math.sqrt(cell.boxes / most) });
      rect.append(draw("title", { text: `${words(cell.width)} wide, ${words(cell.height)} high: ${count(cell.boxes, "box").replace(/boxs$/, "boxes")}` }));
      plot.append(rect);
    }
    const every = Math.max(2, 2 * Math.ceil((high - low) / 2 / 7));
    for (let step = Math.ceil(low / 2) * 2; step <= low + side / unit + 0.01; step += every) {
      const text = short(2 ** (step / 2));
      plot.append(draw("text", { x: x(step), y: top + side + 16, "text-anchor": "middle", text }));
      plot.append(draw("text", { x: left - 6, y: y(step) + 4, "text-anchor": "end", text }));
    }
    plot.append(draw("text", { x: left + side / 2, y: top + side + 34, "text-anchor": "middle", text: "width, pixels" }));
    plot.append(draw("text", { x: 10, y: top + side / 2, "text-anchor": "middle", transform: `rotate(-90 10 ${top + side / 2})`, text: "height, pixels" }));
    return plot;
  }

  function placesBlock() {
    const holder = make("div");
    const show = (grid) => {
      const most = Math.max(1, ...grid.flat());
      const cell = 40;
      const plot = draw("svg", { class: "plot heat", viewBox: `0 0 ${cell * 8} ${cell * 8}`, role: "img", "aria-label": "Where the middles of boxes lie in their images" });
      plot.append(draw("rect", { class: "back", width: cell * 8, height: cell * 8, rx: 4 }));
      grid.forEach((row, at) => row.forEach((value, column) => {
        if (!value) return;
        const rect = draw("rect", { class: "cell", x: column * cell + 1, y: at * cell + 1, width: cell - 2, height: cell - 2, rx: 3, "fill-opacity": 0.1 + 0.9 * (value / most) });
        rect.append(draw("title", { text: `row ${at + 1}, column ${column + 1}: ${count(value, "box").replace(/boxs$/, "boxes")}` }));
        plot.append(rect);
      }));
      holder.replaceChildren(plot);
    };
    show(data.centres);
    const rows = data.classes.filter((row) => row.centres);
    const options = [["", "all classes"], ...rows.map((row) => [row.place, row.name])];
    const choice = select("centres", options, (value) => show(value === "" ? data.centres : rows.find((row) => String(row.place) === value).centres));
    choice.setAttribute("aria-label", "Class");
    return make("section", { class: "block" }, make("div", { class: "head" }, make("h2", { text: "Where boxes lie" }), choice),
      make("p", { text: "Middles of boxes, in eighths of their images: the stronger the colour, the more." }), holder);
  }

  function statisticsPart() {
    const { image_sizes: sizes, boxes, objects_per_image: per } = data;
    const tile = (value, name) => make("div", { class: "tile" }, make("b", { text: value }), make("span", { text: name }));
    const tiles = make("div", { class: "tiles" }, tile(whole.format(data.images), data.images === 1 ? "image" : "images"), tile(whole.format(data.objects), data.objects === 1 ? "object" : "objects"),
      tile(whole.format(data.class_count), data.class_count === 1 ? "class" : "classes"), tile(per.spread ? short(per.spread.mean) : "0", "objects per image"),
      tile(whole.format(data.empty_images), "empty images"), tile(whole.format(data.images_opened), `files read, ${bytes(data.bytes)}`));
    const blocks = [];
    if (data.classes.length) blocks.push(classesBlock());
    if (data.splits.length) {
      const rows = data.splits.map((row) => make("tr", {}, make("td", { text: row.name || "in none" }), [row.images, row.objects, row.empty_images].map((n) => make("td", { class: "number", text: whole.format(n) })), make("td", { class: "number", text: percent(row.images / Math.max(1, data.images)) })));
      blocks.push(block("Splits", table([["split"], ["images", "number"], ["objects", "number"], ["empty", "number"], ["share", "number"]], rows)));
    }
    if (data.objects) blocks.push(block("Objects per image", bars(per.histogram.map((bar) => ({ name: bar.to === null ? `${bar.from} and more` : range(bar.from, bar.to), value: bar.images, text: count(bar.images, "image") })))));
    if (boxes.known && data.box_sizes.length) {
      blocks.push(block("Sizes of boxes", make("p", { text: `${count(boxes.known, "box").replace(/boxs$/, "boxes")}: ${whole.format(boxes.small)} small (< 32²), ${whole.format(boxes.medium)} medium (< 96²), ${whole.format(boxes.large)} large; ${whole.format(boxes.shapes.tall)} tall, ${whole.format(boxes.shapes.square)} square, ${whole.format(boxes.shapes.wide)} wide.` }), sizesPlot()));
    }
    if (data.centres.flat().some(Boolean)) blocks.push(placesBlock());
    if (sizes.known) {
      const common = sizes.common.map((size) => ({ name: `${size.width} × ${size.height}`, value: size.images }));
      blocks.push(block("Sizes of images", make("p", { text: `${count(sizes.distinct, "size")} of ${count(sizes.known, "image")}: ${whole.format(sizes.small)} small, ${whole.format(sizes.medium)} medium, ${whole.format(sizes.large)} large, ${whole.format(sizes.jumbo)} jumbo; ${whole.format(sizes.shapes.tall)} tall, ${whole.format(sizes.shapes.square)} square, ${whole.format(sizes.shapes.wide)} wide.` }), bars(common)));
    }
    const measured = [spreadRow("image width", sizes.width), spreadRow("image height", sizes.height), spreadRow("box width", boxes.width), spreadRow("box height", boxes.height), spreadRow("box width / height", boxes.ratio), spreadRow("box part of image", boxes.share), spreadRow("objects per image", per.spread)];
    if (measured.some(Boolean)) blocks.push(block("Numbers", spreads(measured)));
    const lines = [...data.reasons];
    for (const [reason, left] of Object.entries(data.skipped.reasons || {})) lines.push(`left out (${reason}): ${count(left.images, "image")}, ${count(left.objects, "object")}`);
    if (data.unlabelled_images) lines.push(`named by no annotation: ${count(data.unlabelled_images, "image")}`);
    if (data.images_opened < data.images) lines.push(`Files of ${count(data.images_opened, "image")} were opened; of the others counts what the annotations say. \`recordmill check\` opens all.`);
    blocks.push(block(`Source: ${data.format_title || data.format}`, make("p", { class: "mono", text: about.sources.join(", ") }), ...lines.map((text) => make("p", { text }))));
    return [tiles, make("div", { class: "blocks" }, blocks)];
  }

  // ---- problems ----

  const SEVERITIES = { error: "cannot be used: stops a conversion", fixed: "put right or left out by a conversion", note: "worth knowing" };

  function problemsPart() {
    const sum = (severity) => data.problems.filter((row) => row.severity === severity).reduce((total, row) => total + row.count, 0);
    const tile = (value, name, kind) => make("div", { class: "tile" }, make("b", { class: value ? kind : "", text: whole.format(value) }), make("span", { text: name }));
    const verdict = sum("error") ? "A conversion stops at the errors, or leaves them out with --on-error skip."
      : sum("fixed") ? "A conversion puts right, or leaves out, what is named here."
        : data.empty_images === data.images ? "Nothing is said of any image: a conversion takes that with --allow-empty alone."
          : data.problems.length ? "Nothing that a conversion would stop at or change." : "No problem was found.";
    const opened = data.images_opened === data.images ? "" : ` The files of ${count(data.images_opened, "image")} of ${whole.format(data.images)} were opened.`;
    const tiles = make("div", { class: "tiles" }, tile(sum("error"), "errors", "error"), tile(sum("fixed"), "put right or left out", "fixed"), tile(sum("note"), "notes", ""),
      tile(data.empty_images, "empty images"), tile(data.unlabelled_images, "images that no annotation names"), tile(data.skipped.images, "images left out"), tile(data.skipped.objects, "objects left out"));
    const head = [make("p", { class: "verdict", text: verdict + opened }), tiles];
    const kinds = data.problems.map((row, at) => {
      const lines = row.listed.map(([place, message, item]) => {
        const where = `${place.path}${place.line ? `:${place.line}` : ""}`;
        const cell = item === null ? make("span", { class: "mono", text: where }) : make("button", { type: "button", class: "link mono", text: where, onclick: () => openDetail(items[item]) });
        return make("tr", {}, make("td", { class: "key" }, cell), make("td", { text: message }));
      });
      const left = row.count - row.listed.length;
      return make("details", { class: "kind", open: at < 3 || row.severity === "error" },
        make("summary", {}, make("span", { class: `chip ${row.severity}`, text: row.severity }), make("b", { text: row.kind }), make("span", { class: "soft small", text: SEVERITIES[row.severity] }), make("span", { class: "value", text: whole.format(row.count) })),
        make("div", { class: "inside" }, table([["place"], ["what"]], lines), left ? make("p", { class: "soft small", text: `and ${whole.format(left)} more; recordmill check --all lists every one` }) : null));
    });
    return [...head, make("div", { class: "kinds" }, kinds)];
  }

  // ---- schema ----

  function whatIs(feature) {
    const parts = [];
    for (const values of [feature.int64, feature.float]) {
      if (!values) continue;
      // Whole numbers are exact: what is beyond a script's numbers comes as a text.
      const shown = values === feature.int64 ? String : (n) => String(Number(n.toPrecision(7)));
      if (values.min !== null) parts.push(range(values.min, values.max, shown));
      for (const odd of ["nan", "infinite"]) if (values[odd]) parts.push(count(values[odd], odd));
      if (values.distinct && values.distinct.length > 1 && values.distinct.length <= 6) parts.push(`{${values.distinct.map((row) => row.value).join(", ")}}`);
    }
    if (feature.bytes) {
      const { sizes, distinct, images, width, height } = feature.bytes;
      if (distinct && distinct.length <= 8) parts.push(distinct.map((row) => JSON.stringify(row.value)).join(", "));
      else parts.push(`${feature.looks_like} of ${range(sizes.min, sizes.max, bytes)}`);
      const kinds = Object.entries(images).map(([kind, n]) => `${whole.format(n)} ${kind}`);
      if (kinds.length) parts.push(`${kinds.join(", ")}: ${range(width.min, width.max)} × ${range(height.min, height.max)}`);
    }
    return parts.join("; ");
  }

  function schemaPart() {
    const { files, file_count: all, records, schema } = about.records;
    const of = [["tf.train.Example", schema.examples], ["tf.train.SequenceExample", schema.sequence_examples], ["other", schema.other]].filter(([, n]) => n);
    const list = (title, features, steps) => {
      if (!features.length) return null;
      const rows = features.map((row) => make("tr", {}, make("td", { class: "key mono", text: row.key }), make("td", { text: Object.keys(row.kinds).join(" / ") }),
        make("td", { class: "number", text: row.present === records ? "all" : whole.format(row.present) }),
        make("td", { class: "number", text: steps ? (row.steps ? range(row.steps.min, row.steps.max) : "") : row.lengths ? range(row.lengths.min, row.lengths.max) : "" }), make("td", { text: whatIs(row) })));
      const made = block(title, table([["feature"], ["kind"], ["in", "number"], [steps ? "steps" : "values", "number"], ["what"]], rows));
      made.classList.add("wide");
      return made;
    };
    const rows = files.map((file) => make("tr", {}, make("td", { class: "key mono", text: file.path }), make("td", { class: "number", text: whole.format(file.records) }), make("td", { class: "number", text: bytes(file.bytes) }), make("td", { text: file.compression || "" })));
    const made = block("Files", make("p", { text: `${count(records, "record")}: ${of.map(([name, n]) => `${whole.format(n)} ${name}`).join(", ")}` }), table([["file"], ["records", "number"], ["bytes", "number"], ["compression"]], rows));
    if (all > files.length) made.append(make("p", { text: `and ${whole.format(all - files.length)} more files` }));
    for (const file of files) {
      for (const text of file.damage) made.append(make("p", { class: "problem" }, make("span", { class: "chip error", text: "damage" }), make("span", { text: `${file.path}: ${text}` })));
      if (file.damage_left_out) made.append(make("p", { text: `${file.path}: ${whole.format(file.damage_left_out)} more damages` }));
    }
    made.classList.add("wide");
    return [make("div", { class: "blocks" }, made, list("Features", schema.features), list("Feature lists", schema.feature_lists, true))];
  }

  // ---- the page ----

  const parts = [];
  if (data) {
    const images = { name: "images", title: "Images", count: items.length, build: imagesPart };
    const gravest = data.problems.length ? data.problems[0].severity : "";
    const problems = { name: "problems", title: "Problems", count: data.problems.reduce((sum, row) => sum + row.count, 0), kind: gravest, build: problemsPart };
    const statistics = { name: "statistics", title: "Statistics", build: statisticsPart };
    parts.push(...(about.kind === "health" ? [problems, statistics, images] : [images, statistics, problems]));
  } else {
    parts.push({ name: "images", title: "Records", count: items.length, build: imagesPart });
  }
  if (about.records) parts.push({ name: "schema", title: "Schema", build: schemaPart });

  /** Shows a part; each is built when it is first looked at, but for the gallery, which others lead to. */
  function choose(name, focus = false) {
    for (const part of parts) {
      const on = part.name === name;
      part.tab.setAttribute("aria-selected", String(on));
      part.tab.tabIndex = on ? 0 : -1;
      part.panel.hidden = !on;
      if (on && !part.built) { part.built = true; part.panel.append(...part.build()); if (name === "images") refilter(); }
      if (on && focus) part.tab.focus();
    }
  }
  const tabs = document.getElementById("tabs");
  parts.forEach((part, at) => {
    const number = part.count === undefined ? null : make("span", { class: `count ${part.kind || ""}`, text: whole.format(part.count) });
    part.tab = make("button", { type: "button", role: "tab", id: `tab-${part.name}`, "aria-controls": `part-${part.name}`, onclick: () => choose(part.name) }, part.title, number);
    part.tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) choose(parts[(at + step + parts.length) % parts.length].name, true);
    });
    part.panel = make("section", { role: "tabpanel", id: `part-${part.name}`, "aria-labelledby": `tab-${part.name}` });
    tabs.append(part.tab);
    main.append(part.panel);
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !dialog.open && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      choose("images");
      search.focus();
      search.select();
    }
  });

  // The choice is remembered where the browser lets a page remember: not in a frame of a notebook.
  const theme = document.getElementById("theme");
  const THEMES = { "": "◐ Auto", light: "☀ Light", dark: "☾ Dark" };
  const remember = { get: () => { try { return localStorage.getItem("recordmill-theme") || ""; } catch { return ""; } }, set: (name) => { try { localStorage.setItem("recordmill-theme", name); } catch { /* not here */ } } };
  function setTheme(name) {
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    theme.textContent = THEMES[name];
    theme.setAttribute("aria-label", `Colours: ${name || "as the system"}`);
    theme.value = name;
  }
  theme.addEventListener("click", () => {
    const names = Object.keys(THEMES);
    const next = names[(names.indexOf(theme.value) + 1) % names.length];
    setTheme(next);
    remember.set(next);
  });
  const remembered = remember.get();
  setTheme(remembered in THEMES ? remembered : "");

  document.getElementById("title").textContent = about.title;
  const facts = data
    ? [data.format_title || data.format, count(data.images, "image"), count(data.objects, "object"), count(data.class_count, "class").replace(/classs$/, "classes")]
    : [count(about.records.file_count, "file"), count(about.records.records, "record")];
  document.getElementById("subtitle").textContent = `${about.kind === "health" ? "Health report · " : ""}${facts.join(" · ")}`;
  // Others lead to images: the gallery is there from the beginning.
  choose("images");
  choose(parts[0].name);
})();
