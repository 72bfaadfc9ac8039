"use strict";
// Numbers as Grafana writes them, for the units that our dashboards use.
const format = (() => {
  const digits = (v, d) => d ?? (v === 0 || Math.abs(v) >= 100 ? 0 : Math.abs(v) >= 10 ? 1 : Math.max(2, Math.min(6, 1 - Math.floor(Math.log10(Math.abs(v))))));
  const plain = (v, d) => v.toLocaleString("en-US", { minimumFractionDigits: d ?? 0, maximumFractionDigits: digits(v, d) });
  const scaled = (v, base, names, gap, d) => {
    let i = 0;
    while (Math.abs(v) >= base && i < names.length - 1) { v /= base; i++; }
    return plain(v, i ? undefined : d) + (names[i] ? gap + names[i] : "");
  };
  const time = (v, d) => {
    const a = Math.abs(v);
    if (a === 0) return "0 s";
    if (a < 0.001) return plain(v * 1e6, d) + " µs";
    if (a < 1) return plain(v * 1000) + " ms";
    if (a < 120) return plain(v, d) + " s";
    if (a < 7200) return plain(v / 60, 1) + " min";
    if (a < 172800) return plain(v / 3600, 1) + " h";
    return plain(v / 86400, 1) + " d";
  };
  const short = (v, d) => scaled(v, 1000, ["", "K", "M", "G", "T"], " ", d);
  const units = {
    s: time, short, none: plain, locale: (v, d) => v.toLocaleString("en-US", { maximumFractionDigits: d ?? 0 }),
    reqps: (v, d) => short(v, d) + " req/s", ops: (v, d) => short(v, d) + " ops/s",
    percentunit: (v, d) => plain(v * 100, d) + " %", d: (v, d) => plain(v, d) + " d",
    bytes: v => scaled(v, 1024, ["B", "KiB", "MiB", "GiB", "TiB"], " "),
    Bps: v => scaled(v, 1000, ["B/s", "kB/s", "MB/s", "GB/s"], " "),
    dateTimeAsIso: v => new Date(v).toISOString().slice(0, 19).replace("T", " "),
  };
  return (v, unit, decimals) => v === null || v === undefined ? "–" : (units[unit] || plain)(v, decimals);
})();
