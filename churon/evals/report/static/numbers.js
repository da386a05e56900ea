// Numbers as text, as the Markdown summary writes them.

const DIGITS = { tokens: 0, calls: 1, searches: 1, "cache hits": 1 };

export function digits(measure) {
  return DIGITS[measure] ?? 2;
}

/** With a real minus; "?" for what cannot be told. */
export function number(value, places = 2, sign = false) {
  if (value === null || value === undefined) return "?";
  const text = Math.abs(value).toLocaleString("en", {
    minimumFractionDigits: places, maximumFractionDigits: places,
  });
  const zero = !/[1-9]/.test(text);
  return (zero ? "" : value < 0 ? "−" : sign ? "+" : "") + text;
}

export function span(low, high, places, sign = false) {
  if (low === null && high === null) return "";
  return number(low, places, sign) + (sign ? " … " : "–") + number(high, places, sign);
}

export function chance(p) {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

/** Five to seven round places from `low` to `high`. */
export function ticks(low, high) {
  const rough = (high - low) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * unit).find((one) => one >= rough);
  const made = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) made.push(at * step);
  return made;
}

/** 1, 2, 5, 10, 20 … that lie in between. */
export function magnitudes(low, high) {
  const made = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
    made.push(...[1, 2, 5].map((one) => one * 10 ** power));
  }
  return made.filter((one) => one >= low * 0.999 && one <= high * 1.001);
}

/** A round number without needless zeros. */
export function short(value) {
  return Number(value.toPrecision(3)).toLocaleString("en").replace("-", "−");
}
