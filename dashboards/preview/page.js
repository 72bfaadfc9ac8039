(() => {
  const { dashboard, results, marks, from, to, step } = window.preview;
  const root = document.documentElement;
  const choose = name => root.classList.toggle("light", name === "light");
  choose(location.hash.slice(1) || (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark"));
  const named = name => getComputedStyle(root).getPropertyValue("--" + name).trim();
  // Grafana's shades of a colour, such as super-light-blue: mixed with white or black.
  const shades = { "super-light-": [255, 0.55], "light-": [255, 0.3], "semi-dark-": [0, 0.2], "dark-": [0, 0.35] };
  const color = name => {
    if (name === "text") return named("fg");
    const shade = Object.keys(shades).find(s => name.startsWith(s)), base = shade ? named(name.slice(shade.length)) : "";
    if (!base) return named(name) || name;
    const [to, share] = shades[shade];
    return "#" + [1, 3, 5].map(i => Math.round(parseInt(base.slice(i, i + 2), 16) * (1 - share) + to * share).toString(16).padStart(2, "0")).join("");
  };
  const classic = ["green", "yellow", "blue", "orange", "red", "purple", "#6ed0e0", "#e24d42", "#1f78c1", "#ba43a9", "#508642", "#cca300", "#447ebc", "#c15c17"];
  const make = (tag, attributes, ...children) => {
    const e = Object.assign(document.createElement(tag), attributes);
    e.append(...children);
    return e;
  };
  const fade = (c, alpha) => {
    const m = /^#(..)(..)(..)$/.exec(c);
    return m ? `rgba(${m.slice(1).map(h => parseInt(h, 16))},${alpha})` : c;
  };
  const clock = (ms, whole) => new Date(ms).toISOString().slice(whole ? 0 : 11, 19).replace("T", " ");
  const stepColor = (thresholds, v) => {
    let c = thresholds.steps[0].color;
    for (const s of thresholds.steps) if (s.value !== null && v !== null && v >= s.value) c = s.color;
    return color(c);
  };
  const mapped = (mappings, v) => (mappings || []).map(m => m.options[String(v)]).find(Boolean);
  const lastOf = s => { for (let i = s.values.length - 1; i >= 0; i--) if (s.values[i] !== null) return s.values[i]; return null; };
  const tip = document.getElementById("tip");
  const showTip = (x, y, title, lines) => {
    tip.replaceChildren(make("b", { textContent: title }), ...lines.map(([c, name, value]) => {
      const left = make("span", { textContent: name });
      left.style.color = c;
      return make("div", {}, left, make("span", { textContent: value }));
    }));
    tip.style.display = "block";
    tip.style.left = Math.min(x + 14, innerWidth - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.min(y + 14, innerHeight - tip.offsetHeight - 8) + "px";
  };
  const hideTip = () => { tip.style.display = "none"; };

  // A value between two gaps is no line: it is drawn as a point.
  const alone = values => values.flatMap((v, i) => v !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : []);

  // The settings that overrides give a series, by its query or by its legend; the last one counts.
  const overridden = (panel, refId, legend) => {
    const all = {};
    const fits = m => m.id === "byFrameRefID" ? m.options === refId : m.id === "byRegexp" && new RegExp(m.options.slice(1, -1)).test(legend);
    for (const o of panel.fieldConfig.overrides) if (fits(o.matcher)) for (const p of o.properties) all[p.id] = p.value;
    return all;
  };

  function lines(panel, answers, body, legend) {
    const field = panel.fieldConfig.defaults, custom = field.custom;
    const all = answers.flatMap(a => a.series.map(s => ({ ...s, over: overridden(panel, a.refId, s.legend) })));
    // Steps at which nothing has a value are gaps, in which no line is drawn.
    const found = all.flatMap(s => s.times), first = Math.min(...found), times = [];
    for (let t = first; t <= Math.max(...found); t += step) times.push(t);
    const at = new Map(times.map((t, i) => [t, i]));
    let hue = 0;
    for (const s of all) {
      s.color = color(s.over.color ? s.over.color.fixedColor : classic[hue++ % classic.length]);
      s.points = new Array(times.length).fill(null);
      s.times.forEach((t, i) => { s.points[at.get(t)] = s.values[i]; });
      s.dashed = !!s.over["custom.lineStyle"];
      s.unit = s.over.unit || field.unit;
      s.right = s.over["custom.axisPlacement"] === "right";
      s.stacked = custom.stacking.mode === "normal" && !s.dashed;
      s.latest = lastOf(s);
      s.mark = make("i", { className: s.dashed ? "dash" : "", style: s.dashed ? `color:${s.color}` : `background:${s.color}` });
    }
    const reduced = panel.options.legend.calcs.length > 0;
    for (const s of reduced ? [...all].sort((a, b) => (a.latest ?? Infinity) - (b.latest ?? Infinity)) : all) {
      legend.append(make("span", {}, s.mark, s.legend, ...(reduced ? [make("b", { textContent: format(s.latest, s.unit) })] : [])));
    }
    const stacked = all.filter(s => s.stacked), others = all.filter(s => !s.stacked);
    const sums = times.map(() => 0);
    const gap = times.map((_, i) => stacked.every(s => s.points[i] === null));
    for (const s of stacked) s.drawn = s.points.map((v, i) => gap[i] ? null : (sums[i] += v || 0));
    for (const s of others) s.drawn = s.points;
    const order = [...stacked].reverse().concat(others);
    const fill = custom.fillOpacity / 100;
    const steps = custom.thresholdsStyle.mode === "dashed" ? field.thresholds.steps.filter(s => s.value !== null) : [];
    // Where a series reaches into a threshold's reach it is drawn in; one far above all series would flatten them.
    const top = Math.max(0, ...order.filter(s => !s.right).flatMap(s => s.drawn.filter(v => v !== null)));
    const near = steps.filter(s => s.value <= top * 1.5);
    const spans = side => (u, low, high) => {
      const of = order.filter(s => s.right === side).flatMap(s => s.drawn.filter(v => v !== null));
      if (!of.length) return [0, 1];
      let l = field.min ?? Math.min(...of), h = Math.max(...of, ...(side ? [] : near.map(s => s.value)));
      if (field.max !== undefined && h > field.max * 0.4) h = Math.max(h, field.max);
      if (h <= l && field.max !== undefined) l = Math.min(0, l);
      if (h <= l) h = l + (l ? Math.abs(l) * 0.1 : 1);
      return [l, h + (h - l) * 0.06];
    };
    const axis = (side, scale, unit) => ({
      side, scale, stroke: named("dim"), size: 62, gap: 4, font: "11px Inter, sans-serif", grid: { show: scale === "y", stroke: named("grid"), width: 1 }, ticks: { show: false },
      values: (u, splits) => splits.map(v => format(v, unit)), ...(unit === "bytes" ? { incrs: [...Array(50).keys()].map(n => 2 ** n) } : {}),
    });
    const right = all.find(s => s.right);
    const plot = new uPlot({
      width: body.clientWidth - 12, height: body.clientHeight - 4, padding: [8, right ? 0 : 20, 0, 0], ms: 1, tzDate: ms => uPlot.tzDate(new Date(ms), "Etc/UTC"),
      cursor: { sync: { key: "all", setSeries: false }, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: true, range: () => [from, to] }, y: { range: spans(false) }, r: { range: spans(true) } },
      axes: [
        { stroke: named("dim"), font: "11px Inter, sans-serif", size: 24, grid: { stroke: named("grid"), width: 1 }, ticks: { show: false }, space: 70, values: (u, splits) => splits.map(v => clock(v).replace(/:00$/, "")) },
        axis(3, "y", (all.find(s => !s.right) || all[0]).unit), ...(right ? [axis(1, "r", right.unit)] : []),
      ],
      series: [{}, ...order.map(s => ({
        scale: s.right ? "r" : "y", stroke: s.color, width: s.dashed ? 1.3 : Math.max(1, custom.lineWidth * 0.8), dash: s.dashed ? [7, 5] : undefined, points: { show: true, size: 4, fill: s.color, width: 0, filter: u => alone(u.data[order.indexOf(s) + 1]) },
        fill: s.dashed || s.right ? undefined : fade(s.color, s.stacked ? fill * 0.9 : fill), paths: custom.drawStyle === "bars" && !s.dashed ? uPlot.paths.bars({ size: [0.9] }) : undefined,
      }))],
      bands: stacked.slice(1).map((_, i) => ({ series: [i + 1, i + 2] })),
      hooks: {
        draw: [u => {
          const c = u.ctx, { left, top, width, height } = u.bbox;
          c.save();
          c.beginPath(); c.rect(left, top, width, height); c.clip();
          c.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]); c.lineWidth = 1.2 * devicePixelRatio;
          for (const s of near) {
            const y = u.valToPos(s.value, "y", true);
            c.strokeStyle = color(s.color); c.beginPath(); c.moveTo(left, y); c.lineTo(left + width, y); c.stroke();
          }
          drawMarks(c, ms => u.valToPos(ms, "x", true), top, height);
          c.restore();
        }],
        setCursor: [u => {
          if (!u.root.matches(":hover")) return;
          const i = u.cursor.idx;
          if (i === null || i === undefined) { hideTip(); return; }
          const rows = all.map(s => [s.color, s.legend, s.points[i]]).filter(r => r[2] !== null).sort((a, b) => b[2] - a[2]).slice(0, 14);
          const box = u.over.getBoundingClientRect();
          showTip(box.left + u.cursor.left, box.top + u.cursor.top, clock(times[i], true), rows.map(([c, n, v]) => [c, n, format(v, (all.find(s => s.legend === n) || all[0]).unit)]));
        }],
      },
    }, [times, ...order.map(s => s.drawn)], body);
    plot.root.addEventListener("mouseleave", hideTip);
  }

  function drawMarks(c, x, top, height) {
    for (const a of dashboard.annotations.list) for (const ms of marks[a.name] || []) {
      if (ms < from || ms > to) continue;
      c.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]); c.lineWidth = 1.2 * devicePixelRatio;
      c.strokeStyle = c.fillStyle = color(a.iconColor);
      const at = x(ms);
      c.beginPath(); c.moveTo(at, top); c.lineTo(at, top + height); c.stroke();
      c.setLineDash([]);
      const w = 4 * devicePixelRatio;
      c.beginPath(); c.moveTo(at - w, top + height); c.lineTo(at + w, top + height); c.lineTo(at, top + height - 1.6 * w); c.fill();
    }
  }

  function stat(panel, answers, body) {
    const field = panel.fieldConfig.defaults, box = make("div", { className: "stat" });
    const all = answers.flatMap(a => a.series);
    for (const s of all.slice(0, 8)) {
      const v = lastOf(s), m = mapped(field.mappings, v);
      const text = m ? m.text : format(v, field.unit, field.decimals);
      const b = make("b", { textContent: text });
      b.style.color = m && m.color ? color(m.color) : stepColor(field.thresholds, v);
      const room = all.length > 1 ? Math.min(24, body.clientHeight / (all.length + 2)) : Math.min(body.clientHeight * 0.5, (body.clientWidth - 16) / (text.length * 0.58), 40);
      b.style.fontSize = Math.max(13, room) + "px";
      box.append(make("div", {}, b, ...(all.length > 1 || panel.options.textMode === "value_and_name" ? [make("small", { textContent: s.legend })] : [])));
    }
    body.append(box);
  }

  function bars(panel, answers, body) {
    const field = panel.fieldConfig.defaults, box = make("div", { className: "bars" });
    const all = answers.flatMap(a => a.series).map(s => [s.legend, lastOf(s)]);
    const high = field.max ?? Math.max(...all.map(r => r[1])), low = field.min ?? 0;
    for (const [name, v] of all) {
      const c = stepColor(field.thresholds, v), bar = make("i");
      bar.style.cssText = `background:${c};width:${Math.min(100, Math.max(0, ((v - low) / (high - low || 1)) * 100))}%`;
      const shown = make("span", { textContent: format(v, field.unit, field.decimals) });
      shown.style.color = c;
      box.append(make("div", {}, make("span", { textContent: name }), shown, make("u", {}, bar)));
    }
    body.append(box);
  }

  // Rows are joined where the labels that they share are equal, as Grafana's transformation "merge" does.
  function table(panel, answers, body) {
    const organize = panel.transformations.find(t => t.id === "organize").options;
    const columns = Object.keys(organize.indexByName).sort((a, b) => organize.indexByName[a] - organize.indexByName[b]);
    const rows = [];
    for (const a of answers) for (const s of a.series) {
      const value = { ["Value" + (answers.length > 1 ? " #" + a.refId : "")]: lastOf(s) };
      const fits = rows.filter(r => Object.keys(s.labels).every(k => r.labels[k] === undefined || r.labels[k] === s.labels[k]) && Object.keys(value).every(k => r.values[k] === undefined));
      for (const r of fits) { Object.assign(r.values, value); Object.assign(r.labels, s.labels); }
      if (!fits.length) rows.push({ labels: { ...s.labels }, values: value });
    }
    const isValue = c => c.startsWith("Value");
    const settings = title => {
      const all = {};
      for (const o of panel.fieldConfig.overrides) if (o.matcher.id === "byName" && o.matcher.options === title) for (const p of o.properties) all[p.id] = p.value;
      return all;
    };
    const sort = (panel.options.sortBy || [])[0];
    if (sort) {
      const by = columns.find(c => organize.renameByName[c] === sort.displayName), get = r => isValue(by) ? r.values[by] ?? -Infinity : r.labels[by];
      rows.sort((a, b) => (get(a) < get(b) ? -1 : get(a) > get(b) ? 1 : 0) * (sort.desc ? -1 : 1));
    }
    const head = make("tr", {}, ...columns.map(c => make("th", { className: isValue(c) ? "n" : "", textContent: organize.renameByName[c] })));
    const lines = rows.map(r => make("tr", {}, ...columns.map(c => {
      const over = settings(organize.renameByName[c]), raw = isValue(c) ? r.values[c] : r.labels[c];
      const m = mapped(over.mappings, raw);
      const cell = make("td", { className: isValue(c) ? "n" : "", textContent: m ? m.text : isValue(c) ? format(raw, over.unit, over.decimals) : raw ?? "" });
      if (m && m.color) cell.style.color = color(m.color);
      else if (over.thresholds && raw !== undefined && raw !== null) cell.style.color = stepColor(over.thresholds, raw);
      return cell;
    })));
    body.append(make("div", { className: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines))));
  }

  const oranges = ["#3b1e0f", "#7f2704", "#a63603", "#d94801", "#f16913", "#fd8d3c", "#fdae6b", "#fdd0a2", "#feedde"];
  function heatmap(panel, answers, body) {
    // Buckets are cumulative: what lies in one is what it has more than the one below.
    const buckets = answers.flatMap(a => a.series).sort((a, b) => Number(a.labels.le.replace("+Inf", "Infinity")) - Number(b.labels.le.replace("+Inf", "Infinity")));
    const times = [...new Set(buckets.flatMap(s => s.times))].sort((a, b) => a - b);
    const counts = buckets.map(s => { const m = new Map(s.times.map((t, i) => [t, s.values[i] || 0])); return times.map(t => m.get(t) || 0); });
    for (let i = counts.length - 1; i > 0; i--) counts[i] = counts[i].map((v, j) => Math.max(0, v - counts[i - 1][j]));
    const high = Math.max(...counts.flat());
    const first = counts.findIndex(r => r.some(v => v > 1e-9)), last = counts.findLastIndex(r => r.some(v => v > 1e-9));
    if (first < 0) { body.append(nothing(panel)); return; }
    const low = Math.max(0, first - 1), shown = counts.slice(low, Math.min(counts.length, last + 2)), edges = buckets.slice(low).map(s => s.labels.le);
    const w = body.clientWidth - 12, h = body.clientHeight - 4, ratio = devicePixelRatio;
    const canvas = make("canvas", { width: w * ratio, height: h * ratio });
    canvas.style.cssText = `width:${w}px;height:${h}px`;
    body.append(canvas);
    const c = canvas.getContext("2d"), left = 62 * ratio, foot = 24 * ratio, width = canvas.width - left - 10 * ratio, height = canvas.height - foot - 8 * ratio, top = 8 * ratio;
    const light = root.classList.contains("light"), scale = light ? [...oranges].reverse() : oranges;
    const x = ms => left + ((ms - from) / (to - from)) * width, cell = height / shown.length;
    c.font = `${11 * ratio}px Inter, sans-serif`; c.textBaseline = "middle"; c.textAlign = "right"; c.fillStyle = named("dim");
    shown.forEach((row, i) => {
      const y = top + height - (i + 1) * cell, edge = edges[i];
      if (shown.length <= 10 || i % 2 === 0) { c.fillStyle = named("dim"); c.fillText(edge === "+Inf" ? "∞" : format(Number(edge), panel.options.yAxis.unit), left - 6 * ratio, y + cell / 2); }
      row.forEach((v, j) => {
        if (v <= 1e-9) return;
        c.fillStyle = scale[Math.min(scale.length - 1, Math.floor(Math.pow(v / high, 0.5) * (scale.length - 1) + (light ? 0 : 1)))];
        c.fillRect(x(times[j] - step), y + ratio, Math.max(ratio * 2, x(times[j]) - x(times[j] - step) - ratio * 0.5), cell - ratio);
      });
    });
    c.fillStyle = named("dim"); c.textAlign = "center";
    const many = Math.max(2, Math.floor(width / ratio / 80));
    const gap = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400].map(s => s * 1000).find(g => (to - from) / g <= many) || to - from;
    for (let ms = Math.ceil(from / gap) * gap; ms < to; ms += gap) if (x(ms) > left + 20 * ratio) c.fillText(clock(ms).replace(/:00$/, ""), x(ms), top + height + 13 * ratio);
    drawMarks(c, x, top, height);
    canvas.addEventListener("mousemove", e => {
      const box = canvas.getBoundingClientRect(), ms = from + (((e.clientX - box.left) * ratio - left) / width) * (to - from);
      const i = Math.floor((top + height - (e.clientY - box.top) * ratio) / cell), j = times.findIndex(t => ms > t - step && ms <= t);
      if (i < 0 || i >= shown.length || j < 0) { hideTip(); return; }
      showTip(e.clientX, e.clientY, clock(times[j], true), [[named("orange"), "≤ " + edges[i] + " s", format(shown[i][j], "short")]]);
    });
    canvas.addEventListener("mouseleave", hideTip);
  }

  const nothing = panel => make("div", { className: "none", textContent: (panel.fieldConfig && panel.fieldConfig.defaults.noValue) || (root.lang === "ko" ? "데이터 없음" : "no data") });
  const kinds = { timeseries: lines, stat, bargauge: bars, table, heatmap };

  // What the lines at instants mean, beside the choices above.
  for (const a of dashboard.annotations.list) if ((marks[a.name] || []).some(ms => ms >= from && ms <= to)) {
    const sign = make("b", { textContent: "▲" });
    document.querySelector(".facts").prepend(make("span", { className: "mark" }, sign, a.name));
    sign.dataset.color = a.iconColor;
  }

  function draw() {
    for (const sign of document.querySelectorAll(".mark b")) sign.style.color = color(sign.dataset.color);
    const grid = document.getElementById("grid");
    grid.replaceChildren();
    const later = [];
    for (const panel of dashboard.panels) {
      const p = panel.gridPos, place = `grid-column:${p.x + 1}/span ${p.w};grid-row:${p.y + 1}/span ${p.h}`;
      if (panel.type === "row") {
        const row = make("div", { className: "row", textContent: panel.title });
        row.style.cssText = place;
        grid.append(row);
        continue;
      }
      const body = make("div", { className: "body" }), legend = make("div", { className: "legend" });
      const title = make("h2", { textContent: panel.title, title: panel.description || "" });
      for (const l of panel.links || []) title.prepend(make("a", { className: "help", href: l.url, textContent: "?", title: l.title }));
      const beside = panel.type === "timeseries" && panel.options.legend.placement === "right";
      if (beside) legend.classList.add("beside");
      const box = make("section", { className: "panel" + (beside ? " wide" : "") }, title, body, ...(panel.type === "timeseries" ? [legend] : []));
      box.style.cssText = place;
      grid.append(box);
      later.push(() => {
        const answers = results.filter(r => r.panel === panel.id), faults = answers.filter(r => r.error);
        if (faults.length) body.append(make("div", { className: "none", textContent: faults[0].error }));
        else if (!kinds[panel.type]) body.append(make("div", { className: "none", textContent: panel.type + ": " + answers.map(r => r.expr).join("\n") }));
        else if (!answers.some(r => r.series.some(s => s.values.some(v => v !== null)))) body.append(nothing(panel));
        else kinds[panel.type](panel, answers, body, legend);
        legend.dataset.done = "";
      });
    }
    // Legends first need their room: a chart is as high as what they leave.
    later.forEach(f => f());
  }
  document.getElementById("theme").addEventListener("click", () => { choose(root.classList.contains("light") ? "dark" : "light"); draw(); });
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(draw, 150); });
  draw();
})();
