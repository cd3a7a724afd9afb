// Dates and numbers in American English and UTC, because QuickJS has no Intl. `Intl` refuses what it cannot write.
const unsupported = (what) => new RangeError(`${what} is not supported: functions write dates and numbers in en-US and UTC only`);
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

function checkLocale(locales) {
  const wanted = locales === undefined ? [] : [].concat(locales).map(String);
  if (wanted.length && !wanted.some((it) => /^en(-us)?$/i.test(it))) throw unsupported(`the locale ${wanted[0]}`);
}
// The value of an option, if it is one of the known ones.
function choice(options, name, known, otherwise) {
  const value = options[name];
  if (value === undefined) return otherwise;
  if (!known.includes(String(value))) throw unsupported(`the ${name} ${String(value)}`);
  return String(value);
}
function refuse(options, names) {
  for (const name of names) if (options[name] !== undefined) throw unsupported(`the option ${name}`);
}
function number(options, name, least, most, otherwise) {
  const value = options[name];
  if (value === undefined) return otherwise;
  if (!(value >= least && value <= most)) throw new RangeError(`${name} value is out of range.`);
  return Math.floor(value);
}
const join = (parts) => parts.map((part) => part.value).join("");

const NUMERIC = ["numeric", "2-digit"], TEXT = ["long", "short", "narrow"];
const DATE = { weekday: TEXT, year: NUMERIC, month: [...NUMERIC, ...TEXT], day: NUMERIC };
const TIME = { hour: NUMERIC, minute: NUMERIC, second: NUMERIC };
const STYLES = ["full", "long", "medium", "short"];
const DATE_STYLES = {
  full: { weekday: "long", month: "long", day: "numeric", year: "numeric" },
  long: { month: "long", day: "numeric", year: "numeric" },
  medium: { month: "short", day: "numeric", year: "numeric" },
  short: { month: "numeric", day: "numeric", year: "2-digit" },
};
const TIME_STYLES = { full: "long", long: "short", medium: undefined, short: undefined };
// Which parts are written, and in which order: a name is a field, anything else is text.
const ORDERS = {
  y: ["year"], M: ["month"], d: ["day"], E: ["weekday"], dE: ["day", " ", "weekday"],
  Md: ["month", "/", "day"], yM: ["month", "/", "year"], yMd: ["month", "/", "day", "/", "year"],
  MdE: ["weekday", ", ", "month", "/", "day"], yMdE: ["weekday", ", ", "month", "/", "day", "/", "year"],
};
const NAMED_ORDERS = {
  ...ORDERS, Md: ["month", " ", "day"], yM: ["month", " ", "year"], yMd: ["month", " ", "day", ", ", "year"],
  MdE: ["weekday", ", ", "month", " ", "day"], yMdE: ["weekday", ", ", "month", " ", "day", ", ", "year"],
};

class DateTimeFormat {
  #fields = {};
  #joint = ", ";
  #midnight = 12;
  #zone;
  constructor(locales, options = {}, required = "any", defaults = "date") {
    checkLocale(locales);
    options = options === null ? {} : options;
    if (options.timeZone !== undefined && !/^(utc|gmt|etc\/utc|etc\/gmt)$/i.test(options.timeZone)) throw unsupported(`the time zone ${options.timeZone}`);
    refuse(options, ["era", "dayPeriod", "fractionalSecondDigits", "calendar", "numberingSystem"]);
    for (const [name, known] of Object.entries({ ...DATE, ...TIME })) {
      const value = choice(options, name, known);
      if (value !== undefined) this.#fields[name] = value;
    }
    this.#zone = choice(options, "timeZoneName", ["short", "long"]);
    const date = choice(options, "dateStyle", STYLES), time = choice(options, "timeStyle", STYLES);
    if (date || time) {
      if (Object.keys(this.#fields).length || this.#zone) throw new TypeError("dateStyle and timeStyle cannot be used with other fields");
      if (date) Object.assign(this.#fields, DATE_STYLES[date]);
      if (time) Object.assign(this.#fields, { hour: "numeric", minute: "numeric" }, time !== "short" && { second: "numeric" });
      if (time) this.#zone = TIME_STYLES[time];
    } else {
      const has = (names) => Object.keys(names).some((name) => this.#fields[name]);
      if (!((required !== "time" && has(DATE)) || (required !== "date" && has(TIME)))) {
        if (defaults !== "time") Object.assign(this.#fields, { year: "numeric", month: "numeric", day: "numeric" });
        if (defaults !== "date") Object.assign(this.#fields, { hour: "numeric", minute: "numeric", second: "numeric" });
      }
    }
    const { year, month, day, weekday, hour } = this.#fields;
    if (month === "long") this.#joint = " at ";
    else if (weekday && hour && !this.#zone && !year && !month && !day) this.#joint = " ";
    const cycle = choice(options, "hourCycle", ["h12", "h23", "h24"], "h12");
    if (options.hour12 === undefined) this.#midnight = Number(cycle.slice(1)) === 23 ? 0 : Number(cycle.slice(1));
    else this.#midnight = options.hour12 ? 12 : 24;
    this.#date({ year: 0, month: 0, day: 0, weekday: 0 });
  }
  #date(values) {
    const fields = this.#fields;
    const kind = (fields.year ? "y" : "") + (fields.month ? "M" : "") + (fields.day ? "d" : "") + (fields.weekday ? "E" : "");
    if (!kind) return [];
    const order = (TEXT.includes(fields.month) ? NAMED_ORDERS : ORDERS)[kind];
    if (!order) throw unsupported(`the combination of ${Object.keys(DATE).filter((it) => fields[it]).join(", ")}`);
    return order.map((it) => (it in DATE ? { type: it, value: String(values[it]) } : { type: "literal", value: it }));
  }
  #time(date) {
    const { hour, minute, second } = this.#fields, parts = [];
    const hours = date.getUTCHours(), twelve = this.#midnight === 12;
    const two = (n) => String(n).padStart(2, "0");
    const add = (type, value) => parts.push(...(parts.length ? [{ type: "literal", value: ":" }] : []), { type, value });
    if (hour) {
      const shown = String(twelve ? hours % 12 || 12 : hours || this.#midnight);
      add("hour", hour === "2-digit" || !twelve ? two(shown) : shown);
    }
    if (minute) add("minute", hour || second ? two(date.getUTCMinutes()) : String(date.getUTCMinutes()));
    if (second) add("second", hour || minute ? two(date.getUTCSeconds()) : String(date.getUTCSeconds()));
    if (hour && twelve) parts.push({ type: "literal", value: " " }, { type: "dayPeriod", value: hours < 12 ? "AM" : "PM" });
    return parts;
  }
  formatToParts(value) {
    const date = new Date(value === undefined ? Date.now() : value), fields = this.#fields;
    if (Number.isNaN(date.getTime())) throw new RangeError("Invalid time value");
    const short = (text, form) => (form === "long" ? text : text.slice(0, form === "short" ? 3 : 1));
    const digits = (n, form) => (form === "2-digit" ? String(n % 100).padStart(2, "0") : String(n));
    const day = this.#date({
      weekday: short(DAYS[date.getUTCDay()], fields.weekday),
      year: digits(date.getUTCFullYear(), fields.year),
      month: TEXT.includes(fields.month) ? short(MONTHS[date.getUTCMonth()], fields.month) : digits(date.getUTCMonth() + 1, fields.month),
      day: digits(date.getUTCDate(), fields.day),
    });
    const time = this.#time(date);
    const parts = day.length && time.length ? [...day, { type: "literal", value: this.#joint }, ...time] : [...day, ...time];
    if (!this.#zone) return parts;
    const zone = { type: "timeZoneName", value: this.#zone === "long" ? "Coordinated Universal Time" : "UTC" };
    return [...parts, { type: "literal", value: time.length ? " " : this.#joint }, zone];
  }
  format = (value) => join(this.formatToParts(value));
  resolvedOptions() {
    return { locale: "en-US", calendar: "gregory", numberingSystem: "latn", timeZone: "UTC", ...this.#fields };
  }
}

const SYMBOLS = {
  USD: "$", EUR: "€", GBP: "£", JPY: "¥", INR: "₹", CNY: "CN¥", KRW: "₩", BRL: "R$", CAD: "CA$", AUD: "A$", MXN: "MX$", NZD: "NZ$", HKD: "HK$",
  ILS: "₪", VND: "₫", TWD: "NT$", PHP: "₱",
};
const DIGITS = { 0: "CLP ISK JPY KRW PYG UGX VND XAF XOF XPF", 3: "BHD IQD JOD KWD LYD OMR TND" };

// The digits of a number and where its point is.
function decimal(value) {
  const [mantissa, exponent = "0"] = String(value).split("e");
  const [whole, part = ""] = mantissa.split(".");
  return { digits: whole + part, point: whole.length + Number(exponent) };
}

class NumberFormat {
  #options;
  constructor(locales, options = {}) {
    checkLocale(locales);
    options = options === null ? {} : options;
    refuse(options, ["unit", "numberingSystem", "roundingMode", "roundingIncrement", "roundingPriority", "trailingZeroDisplay"]);
    choice(options, "notation", ["standard"]);
    choice(options, "currencySign", ["standard"]);
    const style = choice(options, "style", ["decimal", "percent", "currency"], "decimal");
    const currency = options.currency === undefined ? undefined : String(options.currency).toUpperCase();
    if (style === "currency" && currency === undefined) throw new TypeError("Currency code is required with currency style.");
    if (currency !== undefined && !/^[A-Z]{3}$/.test(currency)) throw new RangeError(`Invalid currency code : ${options.currency}`);
    const usual = Number(Object.keys(DIGITS).find((it) => DIGITS[it].includes(currency)) ?? 2);
    const [low, high] = style === "currency" ? [usual, usual] : style === "percent" ? [0, 0] : [0, 3];
    const given = number(options, "maximumFractionDigits", 0, 100);
    const least = number(options, "minimumFractionDigits", 0, 100, given === undefined ? low : Math.min(low, given));
    if (given < least) throw new RangeError("maximumFractionDigits value is out of range.");
    const significant = number(options, "maximumSignificantDigits", 1, 21, options.minimumSignificantDigits === undefined ? undefined : 21);
    this.#options = {
      style, currency, least, most: given ?? Math.max(high, least), significant,
      leastSignificant: number(options, "minimumSignificantDigits", 1, significant, 1),
      integers: number(options, "minimumIntegerDigits", 1, 21, 1),
      grouping: options.useGrouping === undefined || Boolean(options.useGrouping) && options.useGrouping !== "false",
      sign: choice(options, "signDisplay", ["auto", "always", "never", "exceptZero"], "auto"),
      display: choice(options, "currencyDisplay", ["symbol", "code"], "symbol"),
    };
  }
  #digits(value) {
    const { style, least, most, significant, leastSignificant, integers, grouping } = this.#options;
    let { digits, point } = decimal(value);
    if (style === "percent") point += 2;
    if (point <= 0) [digits, point] = ["0".repeat(1 - point) + digits, 1];
    digits = digits.padEnd(point, "0");
    const first = Math.max(0, digits.search(/[1-9]/));
    const keep = significant ? first + significant : point + most;
    // Rounds the shortest digits, half away from zero.
    if (keep < digits.length) {
      const up = digits[keep] >= "5", rounded = String(BigInt(digits.slice(0, keep) || "0") + (up ? 1n : 0n)).padStart(keep, "0");
      point += rounded.length - keep;
      digits = rounded.padEnd(point, "0");
    }
    const needed = significant ? Math.max(0, first + leastSignificant - point) : least;
    const part = digits.slice(point).replace(/0+$/, "").padEnd(needed, "0");
    const whole = digits.slice(0, point).replace(/^0+/, "").padStart(integers, "0");
    return (grouping ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole) + (part && "." + part);
  }
  format = (input) => {
    const value = typeof input === "bigint" ? input : Number(input), { style, currency, sign, display } = this.#options;
    const negative = value < 0 || Object.is(value, -0), plain = negative ? -value : value;
    const text = plain !== plain ? "NaN" : plain === Infinity ? "∞" : this.#digits(plain);
    const zero = !/[1-9∞]/.test(text);
    const shown = sign === "never" || (sign === "exceptZero" && zero) ? "" : negative ? "-" : sign === "auto" ? "" : "+";
    if (style === "percent") return `${shown}${text}%`;
    const symbol = style !== "currency" ? "" : (display === "symbol" && SYMBOLS[currency]) || currency + (/^\d/.test(text) ? "\xa0" : "");
    return shown + symbol + text;
  };
  resolvedOptions() {
    const { style, currency, least, most } = this.#options;
    return { locale: "en-US", numberingSystem: "latn", style, currency, minimumFractionDigits: least, maximumFractionDigits: most };
  }
}

const Intl = {};
for (const Type of [DateTimeFormat, NumberFormat]) {
  const make = function (locales, options) {
    return new Type(locales, options);
  };
  make.prototype = Type.prototype;
  make.supportedLocalesOf = (locales) => [].concat(locales).filter((it) => /^en(-us)?$/i.test(it));
  Object.defineProperty(make, "name", { value: Type.name });
  Object.defineProperty(Type.prototype, "constructor", { value: make, writable: true, configurable: true });
  Intl[Type.name] = make;
}

// The methods of dates and numbers ignored their arguments before there was `Intl`. They still write something, and the
// log says what they could not do.
const asFarAsKnown = (make) => (locales, options) => {
  try {
    return make(locales, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    globalThis.console.warn(error.message);
    return make();
  }
};
const dated = (required, defaults) => {
  const formatFor = asFarAsKnown((locales, options) => new DateTimeFormat(locales, options, required, defaults));
  return (date, locales, options) => {
    if (!(date instanceof globalThis.Date)) throw new TypeError("not a Date");
    const format = formatFor(locales, options);
    return Number.isNaN(date.getTime()) ? "Invalid Date" : format.format(date);
  };
};
const numberFormatFor = asFarAsKnown((locales, options) => new NumberFormat(locales, options));
const numbered = (value, locales, options) => numberFormatFor(locales, options).format(value.valueOf());
module.exports = {
  Intl,
  Date: { toLocaleDateString: dated("date", "date"), toLocaleTimeString: dated("time", "time"), toLocaleString: dated("any", "all") },
  Number: { toLocaleString: numbered },
  BigInt: { toLocaleString: numbered },
};
