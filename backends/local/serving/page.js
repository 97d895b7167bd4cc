"use strict";
// Names and levels come from somebody's data: they only ever become text, never markup.
const byId = (id) => document.getElementById(id);
const POINTS = 41;
let key = "", facts, state = {}, busy = false, again = false;

const number = (value) => Number(value).toLocaleString("en", { maximumSignificantDigits: 4 });

function make(name, attributes = {}, text = "") {
  const svg = ["svg", "line", "path", "circle", "text", "title"].includes(name);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) node.setAttribute(attribute, value);
  node.textContent = text;
  return node;
}

function step(column) {
  if (column.dtype.startsWith("int")) return 1;
  const rough = (column.max - column.min) / 200 || 1, power = 10 ** Math.floor(Math.log10(rough));
  return Number(([1, 2, 5, 10].find((one) => one * power >= rough) * power).toPrecision(3));
}

function change(column, value) {
  state[column.name] = value;
  predict();
}

function numberField(column, box) {
  const value = state[column.name] ?? column.min, id = `column-${facts.columns.indexOf(column)}`;
  const range = make("input", { type: "range", min: column.min, max: column.max,
    step: "any", value, id, "aria-describedby": `${id}-ends` });
  const field = make("input", { type: "number", step: "any", value,
    "aria-label": `${column.name}, exactly` });
  const size = step(column), digits = Math.max(0, -Math.floor(Math.log10(size)));
  const take = (given) => {
    field.classList.toggle("odd", given < column.min || given > column.max);
    change(column, given);
  };
  range.addEventListener("input", () => {
    const snapped = Math.round(range.value / size) * size;
    const given = Math.min(column.max, Math.max(column.min, Number(snapped.toFixed(digits))));
    field.value = given;
    take(given);
  });
  field.addEventListener("input", () => {
    if (field.value === "" || !Number.isFinite(field.valueAsNumber)) return;
    range.value = field.value;
    take(field.valueAsNumber);
  });
  const pair = make("div", { class: "pair" });
  const ends = make("div", { class: "ends", id: `${id}-ends` });
  ends.append(make("span", {}, number(column.min)), make("span", {}, number(column.max)));
  pair.append(range, field, ends);
  box.append(pair);
  return { id, inputs: [range, field], value: () => field.valueAsNumber };
}

function choiceField(column, box) {
  const levels = column.kind === "boolean" ? [false, true] : column.choices;
  const id = `column-${facts.columns.indexOf(column)}`, select = make("select", { id });
  levels.forEach((level, place) => select.append(make("option", { value: place }, String(level))));
  select.value = Math.max(0, levels.indexOf(state[column.name]));
  state[column.name] = levels[select.value];
  select.addEventListener("change", () => change(column, levels[select.value]));
  box.append(select);
  return { id, inputs: [select], value: () => levels[select.value] };
}

function field(column) {
  const box = make("div", { class: "column" });
  const label = make("label", {}, column.name + " ");
  label.append(make("span", { class: "unit" }, column.unit || ""));
  box.append(label);
  const made = column.kind === "number" ? numberField(column, box) : choiceField(column, box);
  label.setAttribute("for", made.id);
  if (column.missing) {
    const absent = make("label", { class: "absent" }), tick = make("input", { type: "checkbox" });
    tick.checked = state[column.name] === null;
    const switched = () => {
      made.inputs.forEach((input) => { input.disabled = tick.checked; });
      change(column, tick.checked ? null : made.value());
    };
    tick.addEventListener("change", switched);
    absent.append(tick, " not known");
    box.append(absent);
    if (tick.checked) made.inputs.forEach((input) => { input.disabled = true; });
  }
  return box;
}

function sweep() {
  const column = facts.columns[byId("along").value];
  if (column.kind === "boolean") return [false, true];
  if (column.kind === "category") return column.choices.slice(0, POINTS);
  const size = (column.max - column.min) / (POINTS - 1);
  return Array.from({ length: POINTS }, (_, place) => column.min + place * size);
}

async function predict() {
  if (!key) { byId("told").textContent = "The key is needed to ask for a prediction."; return; }
  if (busy) { again = true; return; }
  busy = true;
  const column = facts.columns[byId("along").value], values = sweep();
  const rows = [state, ...values.map((value) => ({ ...state, [column.name]: value }))];
  try {
    const answer = await fetch("score", { method: "POST", body: JSON.stringify({ data: rows }),
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" } });
    const found = await answer.json();
    byId("told").textContent = answer.ok ? ""
      : answer.status === 401 ? "This is not the endpoint's key." : found.error;
    if (answer.ok) {
      byId("key").placeholder = "in use; paste another";
      show(found, column, values);
    }
  } catch { byId("told").textContent = "The endpoint does not answer."; }
  busy = false;
  if (again) { again = false; predict(); }
}

function show(found, column, values) {
  const [low, high] = found.intervals[0], unit = facts.target_unit;
  byId("value").textContent = number(found.predictions[0]);
  byId("interval").textContent = `${Math.round(facts.coverage * 100)} % interval: `
    + `${number(low)} to ${number(high)} ${unit}`;
  const own = facts.columns.filter((one) => one.kind === "number" && state[one.name] !== null
    && (state[one.name] < one.min || state[one.name] > one.max));
  byId("warnings").replaceChildren(...own.map((one) => make("li", {},
    `${one.name} ${number(state[one.name])} is outside ${number(one.min)}–${number(one.max)},`
    + " what the model has seen")));
  const points = values.map((value, place) => ({ value, y: found.predictions[place + 1],
    low: found.intervals[place + 1][0], high: found.intervals[place + 1][1] }));
  byId("chart").replaceChildren(chart(column, points, found.predictions[0]));
}

function ticks(low, high) {
  const rough = (high - low) / 5 || 1, power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 5, 10].find((one) => one * power >= rough) * power, found = [];
  for (let at = Math.ceil(low / size) * size; at <= high + size / 1e6; at += size) found.push(at);
  return found;
}

function chart(column, points, here) {
  const width = Math.max(300, Math.min(640, byId("chart").clientWidth));
  const [height, left, right, top, bottom] = [150 + width * .3, 62, 16, 14, 46];
  const lowest = Math.min(...points.map((one) => one.low));
  const highest = Math.max(...points.map((one) => one.high));
  const scaled = column.kind === "number", last = points.length - 1 || 1;
  const x = (value, place) => left + (width - left - right)
    * (scaled ? (value - column.min) / (column.max - column.min || 1) : (place + .5) / (last + 1));
  const y = (value) => top + (height - top - bottom)
    * (1 - (value - lowest) / (highest - lowest || 1));
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const text = (at, down, what, anchor) => svg.append(
    make("text", { x: at, y: down, "text-anchor": anchor }, what));
  svg.append(make("title", {}, `${facts.target} as ${column.name} changes, the rest as it is`));
  for (const tick of ticks(lowest, highest)) {
    svg.append(make("line", { class: "axis", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }));
    text(left - 8, y(tick) + 4, number(tick), "end");
  }
  if (scaled) {
    for (const tick of ticks(column.min, column.max)) text(x(tick), height - 26, number(tick), "middle");
    const line = (name) => points.map((one) => `${x(one.value)} ${y(one[name])}`);
    svg.append(make("path", { class: "band",
      d: `M${line("high").join("L")}L${line("low").reverse().join("L")}Z` }));
    svg.append(make("path", { class: "curve", d: `M${line("y").join("L")}` }));
    const value = state[column.name];
    if (value !== null && value >= column.min && value <= column.max) {
      svg.append(make("circle", { class: "here", cx: x(value), cy: y(here), r: 6 }));
    }
  } else {
    points.forEach((one, place) => {
      const at = x(one.value, place);
      svg.append(make("line", { class: "whisker", x1: at, x2: at, y1: y(one.low), y2: y(one.high) }));
      svg.append(make("circle", { class: "here", cx: at, cy: y(one.y),
        r: one.value === state[column.name] ? 7 : 4 }));
      if (points.length <= 8) text(at, height - 26, String(one.value).slice(0, 12), "middle");
    });
  }
  text((left + width - right) / 2, height - 6, [column.name, column.unit].filter(Boolean).join(", "), "middle");
  return svg;
}

function use(given) {
  key = given;
  if (facts) predict();
  else describe();
}

function takeFromAddress() {  // the fragment is never sent, and is not left in the history
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given === null) return;
  history.replaceState(null, "", location.pathname);
  use(given);
}

async function describe() {
  if (busy) return;  // a key that is given meanwhile is used at the end
  busy = true;
  const tried = key;
  let found;
  try {
    const headers = key ? { authorization: `Bearer ${key}` } : {};
    const answer = await fetch("openapi.json", { headers });
    if (answer.ok) found = await answer.json();
    else byId("told").textContent = answer.status !== 401 ? "The endpoint does not answer."
      : key ? "This is not the endpoint's key." : "The key is needed.";
  } catch { byId("told").textContent = "The endpoint does not answer."; }
  busy = false;
  if (found) build(found);
  else if (key !== tried) describe();
}

function build(found) {
  facts = found["x-concrete"];
  state = { ...facts.sample };
  facts.columns.forEach((one) => { state[one.name] ??= one.missing ? null : one.min; });
  document.title = found.info.title;
  byId("title").textContent = `${facts.target} by ${found.info.title}`;
  byId("about").textContent = `Model ${facts.model}. Between the ends of a slider is what the model`
    + " has seen; beyond them it guesses.";
  byId("unit").textContent = facts.target_unit;
  facts.columns.forEach((one, place) => {
    byId("along").append(make("option", { value: place }, one.name));
    byId("inputs").append(field(one));
  });
  byId("along").value = facts.columns.length - 1;
  byId("along").addEventListener("change", predict);
  addEventListener("resize", predict);
  predict();
}

byId("door").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = byId("key").value.trim();
  byId("key").value = "";
  use(given);
});
addEventListener("hashchange", takeFromAddress);
takeFromAddress();
if (!busy) describe();
