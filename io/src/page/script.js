"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 340, TOP = 14, BOTTOM = 38, LETTER = 6.3;

  // An element with attributes, put into another one.
  const add = (parent, name, attributes = {}, text = null) => {
    const isHtml = parent.namespaceURI !== SVG && name !== "svg";
    const element = isHtml ? document.createElement(name) : document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== null) element.textContent = text;
    parent.appendChild(element);
    return element;
  };

  const minus = text => text.replace(/-/g, "−");
  const raised = n => minus(String(n)).replace(/./g, c => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["−0123456789".indexOf(c)]);

  // A number in a few digits.
  const short = (x, digits = 6) => {
    const size = Math.abs(x);
    if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
      const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
      return minus(mantissa.replace(/\.?0+$/, "")) + "·10" + raised(+exponent);
    }
    return minus(String(+x.toPrecision(digits)));
  };

  // Ends that differ, also of what is constant but for rounding.
  const apart = ([low, high]) => {
    const size = Math.max(Math.abs(low), Math.abs(high));
    if (high - low > 1e-14 * size) return [low, high];
    const room = size === 0 ? 1 : 0.05 * size;
    return [low - room, high + room];
  };

  // Round numbers between two ends, as labels with what is to be done to them.
  const ticks = ([low, high], most) => {
    const size = Math.max(Math.abs(low), Math.abs(high));
    const raw = (high - low) / most;
    if (!isFinite(raw)) return { marks: [], note: "" };
    const power = Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map(k => k * 10 ** power).find(k => k >= raw * (1 - 1e-9));
    const marks = [];
    const first = Math.ceil(low / step - 1e-9);
    for (let k = first; k * step <= high + 1e-9 * step && marks.length <= 2 * most; k++) marks.push(k * step);
    let exponent = size >= 1e5 || size < 1e-3 ? Math.floor(Math.log10(size)) : 0;
    let offset = 0;
    let shift = "";
    if (size / step > 1e5 && marks.length > 1) {
      // A round number, which is exactly what is shown.
      const span = high - low;
      const places = Math.ceil(Math.log10(span));
      const round = Math.round(low / 10 ** places);
      shift = places < 0 ? (round * 10 ** places).toFixed(-places) : String(round * 10 ** places);
      offset = Number(shift);
      exponent = span >= 1e5 || span < 1e-3 ? Math.floor(Math.log10(span)) : 0;
    }
    const decimals = Math.max(0, Math.min(12, 1 + exponent - Math.floor(Math.log10(step) + 1e-9)));
    const label = x => minus(String(+((x - offset) / 10 ** exponent).toFixed(decimals)));
    const note = (exponent ? "×10" + raised(exponent) + " " : "") +
      (offset ? (offset < 0 ? "" : "+") + minus(shift) : "");
    return { marks: marks.map(x => [x, label(x)]), note };
  };

  // Powers of ten between two ends.
  const powers = ([low, high]) => {
    const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const step = Math.max(1, Math.ceil((last - first) / 5));
    const marks = [];
    for (let k = first; k <= last; k += step) marks.push([10 ** k, "10" + raised(k)]);
    return { marks, note: "" };
  };

  // A frame with axes: where points lie in it, and what belongs to it.
  const axes = (parent, { caption, x, y, xName, yName = "", ratio = 0.62, isLog = false, right = 10 }) => {
    const figure = add(parent, "figure");
    add(figure, "figcaption", {}, caption);
    const room = ratio > 1.2 ? 300 : 0.75 * ratio * WIDTH;
    const up = isLog ? powers(y) : ticks(y, Math.max(1, Math.min(5, Math.floor(room / 22))));
    const widest = Math.max(1, ...up.marks.map(([, label]) => label.length));
    const left = 16 + widest * LETTER + (yName ? 14 : 0);
    const [w, h] = ratio > 1.2 ? [300 / ratio, 300] : [WIDTH - left - right, ratio * (WIDTH - left - right)];
    const svg = add(figure, "svg", { viewBox: `0 0 ${WIDTH} ${h + TOP + BOTTOM}`, role: "img" });
    add(svg, "title", {}, caption);
    const scale = isLog ? Math.log10 : v => v;
    const along = (v, [a, b], f = u => u) => (f(v) - f(a)) / (f(b) - f(a));
    const at = ([u, v]) => [left + w * along(u, x), TOP + h * (1 - along(v, y, scale))];
    const box = { left, top: TOP, w, h };
    const across = ticks(x, Math.max(2, Math.min(6, Math.floor(w / 50))));
    for (const [v, label] of across.marks) {
      const [p] = at([v, y[0]]);
      add(svg, "line", { class: "gridline", x1: p, x2: p, y1: TOP, y2: TOP + h });
      add(svg, "line", { class: "tick", x1: p, x2: p, y1: TOP + h, y2: TOP + h + 4 });
      add(svg, "text", { x: p, y: TOP + h + 15, "text-anchor": "middle" }, label);
    }
    for (const [v, label] of up.marks) {
      const [, p] = at([x[0], v]);
      add(svg, "line", { class: "gridline", x1: left, x2: left + w, y1: p, y2: p });
      add(svg, "line", { class: "tick", x1: left - 4, x2: left, y1: p, y2: p });
      add(svg, "text", { x: left - 7, y: p + 4, "text-anchor": "end" }, label);
    }
    add(svg, "text", { x: left + w / 2, y: TOP + h + 31, "text-anchor": "middle" }, xName);
    add(svg, "text", { x: left + w, y: TOP + h + 31, "text-anchor": "end" }, across.note);
    add(svg, "text", { x: left, y: TOP - 4 }, up.note);
    if (yName) {
      const [p, q] = [10, TOP + h / 2];
      add(svg, "text", { x: p, y: q, "text-anchor": "middle", transform: `rotate(-90 ${p} ${q})` }, yName);
    }
    const inside = add(svg, "g");
    add(svg, "rect", { class: "frame", x: left, y: TOP, width: w, height: h });
    return { svg, inside, at, box };
  };

  // A bar of colours beside a map.
  const bar = (svg, { left, top, w, h }, panel, number) => {
    const id = `colours${number}`;
    const gradient = add(add(svg, "defs"), "linearGradient", { id, x1: 0, x2: 0, y1: 1, y2: 0 });
    panel.colours.forEach((colour, k) =>
      add(gradient, "stop", { offset: k / (panel.colours.length - 1), "stop-color": colour }));
    const x = left + w + 10;
    add(svg, "rect", { class: "frame", style: `fill: url(#${id})`, x, y: top, width: 12, height: h });
    const { marks, note } = ticks(panel.scale, h > 80 ? 5 : 2);
    const [low, high] = panel.scale;
    for (const [v, label] of marks) {
      add(svg, "text", { x: x + 16, y: top + h * (1 - (v - low) / (high - low)) + 4 }, label);
    }
    add(svg, "text", { x: x + 12, y: top - 4, "text-anchor": "end" }, note);
  };

  // A panel over time: a function that shows one of its states.
  let count = 0;
  const show = (parent, panel) => {
    const caption = panel.name + (panel.slice ? `, ${panel.slice}` : "");
    const [x, y] = panel.axes;
    if (panel.maps) {
      const { svg, inside, at, box } = axes(parent, {
        caption, x: x.ends, y: y.ends, xName: x.name, yName: y.name, ratio: panel.proportion, right: 74,
      });
      const image = add(inside, "image", {
        x: box.left, y: box.top, width: box.w, height: box.h, preserveAspectRatio: "none",
      });
      bar(svg, box, panel, count++);
      return k => image.setAttribute("href", panel.maps[k]);
    }
    const { inside, box } = axes(parent, { caption, x: x.ends, y: panel.scale, xName: x.name });
    const path = add(inside, "path", { class: "curve" });
    const place = ([u, v]) =>
      `${(box.left + box.w * u / panel.units).toFixed(1)} ${(box.top + box.h * (1 - v / panel.units)).toFixed(1)}`;
    return k => path.setAttribute("d", panel.lines[k].map(piece => "M" + piece.map(place).join("L")).join(""));
  };

  // The player.
  const times = data.times || [];
  const player = document.getElementById("player");
  if (player && times.length > 1) {
    const [play, slider, clock] = ["play", "slider", "clock"].map(id => document.getElementById(id));
    const panels = data.panels.map(panel => show(document.getElementById("panels"), panel));
    let timer = null;
    const go = k => {
      slider.value = k;
      clock.textContent = `t = ${short(times[k])}`;
      panels.forEach(panel => panel(k));
      player.dataset.frame = k;
    };
    const stop = () => {
      clearInterval(timer);
      timer = null;
      play.textContent = "▶";
      play.setAttribute("aria-label", "play");
    };
    slider.max = times.length - 1;
    slider.addEventListener("input", () => { stop(); go(+slider.value); });
    play.addEventListener("click", () => {
      if (timer) return stop();
      play.textContent = "⏸";
      play.setAttribute("aria-label", "pause");
      go((+slider.value + 1) % times.length);
      timer = setInterval(() => go((+slider.value + 1) % times.length), 150);
    });
    go(times.length - 1);
  }

  for (const panel of data.kymographs || []) show(document.getElementById("kymographs"), panel)(0);

  // A curve over time, with the value under the pointer.
  const plot = (parent, curve) => {
    const points = curve.x.map((x, k) => [x, curve.y[k]]);
    const finite = points.filter(([x, y]) => x !== null && y !== null);
    const name = curve.probe ? `${curve.probe}: ${curve.name}` : curve.name;
    if (finite.length === 0) return add(add(parent, "figure"), "figcaption", {}, `${name}: no finite number`);
    const ends = numbers => apart([Math.min(...numbers), Math.max(...numbers)]);
    let y = ends(finite.map(p => p[1]));
    if (!isFinite(2 * (y[1] - y[0]))) return add(add(parent, "figure"), "figcaption", {}, `${name}: too large to be drawn`);
    const isLog = finite.every(p => p[1] > 0) && y[0] > 0 && y[1] / y[0] > 1000;
    if (!isLog) {
      const room = 0.05 * (y[1] - y[0]);
      y = [y[0] - room, y[1] + room];
    }
    const { svg, inside, at, box } = axes(parent, { caption: name, x: ends(curve.x.filter(x => x !== null)), y, xName: "t", isLog });
    let line = "", isDown = false;
    for (const point of points) {
      if (point[0] === null || point[1] === null) { isDown = false; continue; }
      line += (isDown ? "L" : "M") + at(point).map(v => v.toFixed(1)).join(" ");
      isDown = true;
    }
    add(inside, "path", { class: "curve", d: line, "data-points": finite.length });
    if (finite.length === 1) {
      const [cx, cy] = at(finite[0]);
      add(inside, "circle", { class: "dot", cx, cy, r: 3 });
    }
    const dot = add(svg, "circle", { class: "dot", r: 3, visibility: "hidden" });
    const label = add(svg, "text", { x: box.left + box.w, y: TOP - 4, "text-anchor": "end" });
    svg.addEventListener("pointermove", event => {
      const { left, width } = svg.getBoundingClientRect();
      const x = (event.clientX - left) * WIDTH / width;
      const nearest = finite.reduce((a, b) => Math.abs(at(b)[0] - x) < Math.abs(at(a)[0] - x) ? b : a);
      const [cx, cy] = at(nearest);
      dot.setAttribute("cx", cx);
      dot.setAttribute("cy", cy);
      dot.setAttribute("visibility", "visible");
      label.textContent = `t = ${short(nearest[0])}: ${short(nearest[1], 8)}`;
    });
    svg.addEventListener("pointerleave", () => {
      dot.setAttribute("visibility", "hidden");
      label.textContent = "";
    });
  };
  for (const curve of data.curves || []) {
    const parent = document.getElementById("curves");
    if (curve.left_out) add(parent, "p", {}, `${curve.left_out} more in the files`);
    else plot(parent, curve);
  }
  document.documentElement.dataset.ready = "yes";
})();
