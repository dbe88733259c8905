// The functions that a PAC file may call, with the answers that Firefox and Chromium give, their oddities included:
// a network team wants to know what the browser will do, not what it should. Called once per context with the facts as
// JSON; returns what names the run needed and could not find.
//
// Address functions without Ex know IPv4 only, those with Ex both families, as in Chromium.
(function install(facts_json) {
  const { now_ms, own_addresses, addresses } = JSON.parse(facts_json);
  const stringify = JSON.stringify;
  const global = globalThis;
  const needed = [];
  needed.toJSON = undefined; // a file may give every array a toJSON of its own

  // One moment for every call: midnight may not fall between two targets.
  const RealDate = Date;
  RealDate.now = () => now_ms;
  global.Date = new Proxy(RealDate, {
    construct: (target, parts, as) => Reflect.construct(target, parts.length ? parts : [now_ms], as),
    apply: () => new RealDate(now_ms).toString(),
  });
  RealDate.prototype.constructor = global.Date;

  const QUAD = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

  function octets(text) {
    const parts = QUAD.exec(text);
    const numbers = parts && parts.slice(1).map(Number);
    return numbers && numbers.every((number) => number <= 255) ? numbers : null;
  }

  function groups(text) {
    const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
    if (dotted) {
      const last = octets(dotted[2]);
      if (!last) return null;
      const [a, b, c, d] = last;
      text = dotted[1] + ((a << 8) | b).toString(16) + ":" + ((c << 8) | d).toString(16);
    }
    const halves = text.split("::");
    const numbers = halves.map((half) => (half ? half.split(":") : []));
    if (halves.length > 2 || !numbers.flat().every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
    const missing = 8 - numbers.flat().length;
    if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
    if (halves.length === 2) numbers.splice(1, 0, Array(missing).fill("0"));
    return numbers.flat().map((group) => parseInt(group, 16));
  }

  // Bytes of a literal of either family, or null.
  function address(literal) {
    if (typeof literal !== "string") return null;
    return octets(literal) || (groups(literal)?.flatMap((group) => [group >> 8, group & 255]) ?? null);
  }

  // The addresses of a name from the table; an unknown name is written down and ends the run, which is repeated once
  // the name has been looked up. The run's result does not count, even if the PAC catches what is thrown here.
  function known(name) {
    if (typeof name !== "string" || name === "" || name.length > 253) return [];
    if (address(name)) return [name];
    const key = name.toLowerCase();
    if (Object.hasOwn(addresses, key)) return addresses[key];
    needed.push(key);
    throw new Error("a name has to be looked up first");
  }

  const of_ipv4 = (list) => list.filter((literal) => octets(literal));

  function dnsResolve(host) {
    return of_ipv4(known(host))[0] ?? null;
  }

  function convert_addr(quad) {
    return quad.split(".").slice(0, 4).concat(0, 0, 0, 0).slice(0, 4).reduce((sum, part) => (sum << 8) | (part & 255), 0);
  }

  function isInNet(host, pattern, mask) {
    if (!octets(pattern) || !octets(mask)) return false;
    const literal = octets(host) ? host : global.dnsResolve(host);
    if (literal == null) return false;
    return (convert_addr(literal) & convert_addr(mask)) === (convert_addr(pattern) & convert_addr(mask));
  }

  function isInNetEx(literal, prefix) {
    const parts = typeof prefix === "string" ? /^([^/]+)\/(\d{1,3})$/.exec(prefix) : null;
    const inner = address(literal);
    const outer = parts && address(parts[1]);
    if (!inner || !outer || inner.length !== outer.length || parts[2] > outer.length * 8) return false;
    return outer.every((byte, index) => {
      const bits = Math.min(8, Math.max(0, parts[2] - index * 8));
      return ((byte ^ inner[index]) & (0xff << (8 - bits)) & 0xff) === 0;
    });
  }

  function sortIpAddressList(list) {
    if (typeof list !== "string") return false;
    const literals = list.replace(/[ \t]/g, "").split(";").filter(Boolean);
    const pairs = literals.map((literal) => [literal, address(literal)]);
    if (!pairs.length || pairs.some(([, parsed]) => !parsed)) return false;
    pairs.sort(([, a], [, b]) => {
      if (a.length !== b.length) return b.length - a.length;
      const index = a.findIndex((byte, at) => byte !== b[at]);
      return index < 0 ? 0 : a[index] - b[index];
    });
    return pairs.map(([literal]) => literal).join(";");
  }

  const compiled = new Map();

  function shExpMatch(text, pattern) {
    let expression = compiled.get(pattern);
    if (!expression) {
      // No escaping but of the dot: "(a|b)" and "[0-9]" work in browsers, and PAC files rely on it.
      const source = pattern.replace(/\./g, "\\.").replace(/\*/g, ".*").replace(/\?/g, ".");
      compiled.set(pattern, (expression = new RegExp("^" + source + "$")));
    }
    return expression.test(text);
  }

  const WEEKDAYS = { __proto__: null, SUN: 0, MON: 1, TUE: 2, WED: 3, THU: 4, FRI: 5, SAT: 6 };
  const MONTHS = {
    __proto__: null, JAN: 0, FEB: 1, MAR: 2, APR: 3, MAY: 4, JUN: 5, JUL: 6, AUG: 7, SEP: 8, OCT: 9, NOV: 10, DEC: 11,
  };

  // Ranges may wrap: SAT-MON, NOV-FEB, 22:00-06:00.
  const within = (first, last, value) =>
    first <= last ? first <= value && value <= last : value <= last || first <= value;

  // The arguments without a trailing "GMT", and whether it was there.
  function split_zone(given) {
    const is_gmt = given[given.length - 1] === "GMT";
    return [is_gmt ? given.slice(0, -1) : given, is_gmt];
  }

  // Browsers carry the fields over one by one, each after the change before it.
  function shift_to_gmt(date) {
    for (const field of ["FullYear", "Month", "Date", "Hours", "Minutes", "Seconds"]) {
      date["set" + field](date["getUTC" + field]());
    }
  }

  function weekdayRange(...given) {
    const [[first, last = first, ...more], is_gmt] = split_zone(given);
    const from = WEEKDAYS[first];
    const to = more.length ? from : WEEKDAYS[last]; // with three names browsers heed the first
    if (from === undefined || to === undefined) return false;
    const date = new RealDate(now_ms);
    return within(from, to, is_gmt ? date.getUTCDay() : date.getDay());
  }

  function single_date(part, date, is_gmt) {
    const get = (field) => date[(is_gmt ? "getUTC" : "get") + field]();
    const number = parseInt(part);
    if (isNaN(number)) return get("Month") === MONTHS[part];
    return get(number < 32 ? "Date" : "FullYear") === number;
  }

  function apply_part(date, part) {
    const number = parseInt(part);
    if (isNaN(number)) date.setMonth(MONTHS[part] ?? -1);
    else if (number < 32) date.setDate(number);
    else date.setFullYear(number);
  }

  function dateRange(...given) {
    const [parts, is_gmt] = split_zone(given);
    const date = new RealDate(now_ms);
    if (!given.length) return false;
    if (parts.length === 1) return single_date(parts[0], date, is_gmt);
    const year = date.getFullYear();
    const first = new RealDate(year, 0, 1, 0, 0, 0);
    const last = new RealDate(year, 11, 31, 23, 59, 59);
    const half = parts.length >> 1;
    parts.slice(0, half).forEach((part) => apply_part(first, part));
    parts.slice(half).forEach((part) => apply_part(last, part));
    if (parts.length <= 2 && parts.slice(0, half).some((part) => parseInt(part) < 32)) {
      // Meant for (day, day). It makes (3, "JAN") true in any month from the 3rd on: crbug.com/827292, kept by browsers.
      first.setMonth(date.getMonth());
      last.setMonth(date.getMonth());
    }
    if (is_gmt) shift_to_gmt(date);
    return within(first, last, date);
  }

  function timeRange(...given) {
    const [parts, is_gmt] = split_zone(given);
    const [date, first, last] = [0, 0, 0].map(() => new RealDate(now_ms));
    if (!given.length) return false;
    const hour = is_gmt ? date.getUTCHours() : date.getHours();
    if (parts.length === 1) return hour == parts[0];
    if (parts.length === 2) return parts[0] <= hour && hour <= parts[1]; // hours alone do not wrap in browsers
    if (parts.length !== 4 && parts.length !== 6) throw "timeRange: bad number of arguments";
    const half = parts.length >> 1;
    for (const [limit, [hours, minutes, seconds]] of [[first, parts.slice(0, half)], [last, parts.slice(half)]]) {
      if (half === 3) limit.setSeconds(seconds);
      limit.setHours(hours);
      limit.setMinutes(minutes);
    }
    if (half === 2) last.setSeconds(59);
    if (is_gmt) shift_to_gmt(date);
    return within(first, last, date);
  }

  Object.assign(global, {
    alert() {},
    convert_addr,
    dateRange,
    dnsDomainIs: (host, domain) => host.length >= domain.length && host.endsWith(domain),
    dnsDomainLevels: (host) => host.split(".").length - 1,
    dnsResolve,
    dnsResolveEx: (host) => known(host).join(";"),
    isInNet,
    isInNetEx,
    isPlainHostName: (host) => host.search(/[.:]/) === -1,
    isResolvable: (host) => global.dnsResolve(host) != null,
    isResolvableEx: (host) => known(host).length > 0,
    isValidIpAddress: (literal) => octets(literal) !== null,
    localHostOrDomainIs: (host, domain) => host === domain || domain.startsWith(host + "."),
    myIpAddress: () => of_ipv4(own_addresses)[0] ?? "127.0.0.1",
    myIpAddressEx: () => own_addresses.join(";"),
    shExpMatch,
    sortIpAddressList,
    timeRange,
    weekdayRange,
  });
  return () => stringify(needed);
});
