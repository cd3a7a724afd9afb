// The interface of axios over `context.http`.
const { Buffer } = require("buffer");
const { URL, URLSearchParams } = require("url");

class AxiosError extends Error {
  constructor(message, code, config, request, response) {
    super(message);
    Object.assign(this, { name: "AxiosError", isAxiosError: true, code, config, request });
    if (response) Object.assign(this, { response, status: response.status });
  }
  toJSON() {
    return { message: this.message, name: this.name, code: this.code, status: this.response && this.response.status };
  }
}

const plain = (it) => typeof it === "object" && it !== null && [Object.prototype, null].includes(Object.getPrototypeOf(it));

function lower(headers) {
  const flat = headers && typeof headers.toJSON === "function" ? headers.toJSON() : headers || {};
  return Object.fromEntries(Object.entries(flat).map(([name, value]) => [name.toLowerCase(), value]));
}

// Method groups such as `headers.common` exist in defaults.
function headersOf(config, method) {
  const { common, get, post, put, patch, delete: del, head, ...rest } = config.headers || {};
  const group = { get, post, put, patch, delete: del, head }[method];
  return { ...lower(plain(common) ? common : {}), ...lower(plain(group) ? group : {}), ...lower(rest) };
}

function merge(defaults, config) {
  const merged = { ...defaults, ...config };
  for (const part of ["headers", "params"]) {
    if (plain(defaults[part]) && (config[part] === undefined || plain(config[part]))) merged[part] = { ...defaults[part], ...config[part] };
  }
  return merged;
}

function query(params, serializer) {
  const serialize = typeof serializer === "function" ? serializer : serializer && serializer.serialize;
  if (serialize) return serialize(params);
  if (params instanceof URLSearchParams) return params.toString();
  const pairs = [];
  const encode = (text) => encodeURIComponent(text).replace(/%3A/gi, ":").replace(/%24/g, "$").replace(/%2C/gi, ",").replace(/%20/g, "+").replace(/%5B/gi, "[").replace(/%5D/gi, "]");
  const add = (name, value) => {
    if (value === undefined || value === null) return;
    if (value instanceof Date) pairs.push([name, value.toISOString()]);
    else if (Array.isArray(value)) value.forEach((it, at) => add(typeof it === "object" && it !== null ? `${name}[${at}]` : `${name}[]`, it));
    else if (typeof value === "object") Object.entries(value).forEach(([key, it]) => add(`${name}[${key}]`, it));
    else pairs.push([name, String(value)]);
  };
  Object.entries(params).forEach(([name, value]) => add(name, value));
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
}

function address(config) {
  let url = config.url || "";
  if (config.baseURL && !/^([a-z][a-z\d+.-]*:)?\/\//i.test(url)) {
    url = url ? `${config.baseURL.replace(/\/+$/, "")}/${url.replace(/^\/+/, "")}` : config.baseURL;
  }
  const search = config.params ? query(config.params, config.paramsSerializer) : "";
  if (search) url = url.replace(/#.*/, "") + (url.includes("?") ? "&" : "?") + search;
  return url;
}

function body(data, headers) {
  const type = (name) => {
    if (!headers["content-type"]) headers["content-type"] = name;
  };
  if (data === undefined || data === null) return undefined;
  if (data instanceof URLSearchParams) {
    type("application/x-www-form-urlencoded;charset=utf-8");
    return data.toString();
  }
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  if (typeof data.toBase64 === "function" && typeof data.toHex === "function" && data.sub_type !== undefined) return Buffer.from(data.toBase64(), "base64");
  if (typeof data === "object") {
    if (/^application\/x-www-form-urlencoded/i.test(headers["content-type"] || "")) return query(data);
    type("application/json");
    return JSON.stringify(data);
  }
  type("application/x-www-form-urlencoded");
  return String(data);
}

function parse(answer, config) {
  const bytes = answer.body ? Buffer.from(answer.body.toBase64(), "base64") : Buffer.alloc(0);
  if (config.responseType === "arraybuffer") return bytes;
  const text = bytes.toString("utf8").replace(/^\ufeff/, "");
  if (config.responseType === "text" || !text) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const transforms = (list) => [].concat(list || []).filter((it) => typeof it === "function");

async function send(config) {
  const method = (config.method || "get").toLowerCase();
  const headers = headersOf(config, method);
  if (!headers.accept) headers.accept = "application/json, text/plain, */*";
  if (config.auth) {
    headers.authorization = `Basic ${Buffer.from(`${config.auth.username || ""}:${config.auth.password || ""}`).toString("base64")}`;
  }
  let data = config.data;
  for (const transform of transforms(config.transformRequest)) data = transform(data, headers);
  const request = { url: address(config), followRedirects: config.maxRedirects !== 0 };
  const content = method === "get" || method === "head" ? undefined : body(data, headers);
  if (content === undefined) delete headers["content-type"];
  else request.body = content;
  request.headers = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && value !== null && value !== false && name !== "content-length") request.headers[name] = [].concat(value).map(String);
  }
  const http = require("doorward:http");
  if (typeof http[method] !== "function") throw new AxiosError(`Unsupported method ${method}`, "ERR_BAD_OPTION", config, request);
  let answer;
  try {
    new URL(request.url);
    answer = await http[method](request);
  } catch (error) {
    const code = error.code || "ERR_NETWORK";
    throw Object.assign(new AxiosError(error.message, code, config, request), { cause: error });
  }
  const response = {
    status: answer.statusCode,
    statusText: String(answer.status || "").replace(/^\d+ ?/, ""),
    headers: {},
    config,
    request,
    data: parse(answer, config),
  };
  for (const [name, values] of Object.entries(answer.headers || {})) {
    response.headers[name.toLowerCase()] = name.toLowerCase() === "set-cookie" ? [...values] : values.join(", ");
  }
  for (const transform of transforms(config.transformResponse)) response.data = transform(response.data, response.headers, response.status);
  const valid = config.validateStatus === undefined ? (status) => status >= 200 && status < 300 : config.validateStatus;
  if (!valid || valid(response.status)) return response;
  const code = response.status < 500 ? "ERR_BAD_REQUEST" : "ERR_BAD_RESPONSE";
  throw new AxiosError(`Request failed with status code ${response.status}`, code, config, request, response);
}

class Interceptors {
  constructor() {
    this.handlers = [];
  }
  use(fulfilled, rejected) {
    return this.handlers.push([fulfilled, rejected]) - 1;
  }
  eject(id) {
    this.handlers[id] = undefined;
  }
}

function create(defaults) {
  const request = (first, second) => {
    const given = typeof first === "string" ? { ...second, url: first } : first || {};
    let chain = Promise.resolve(merge(instance.defaults, given));
    // As in axios, the last request interceptor runs first.
    for (const handler of [...instance.interceptors.request.handlers].reverse()) if (handler) chain = chain.then(...handler);
    chain = chain.then((config) => (config.adapter && typeof config.adapter === "function" ? config.adapter(config) : send(config)));
    for (const handler of instance.interceptors.response.handlers) if (handler) chain = chain.then(...handler);
    return chain;
  };
  const instance = (...args) => request(...args);
  instance.defaults = { ...defaults, headers: { common: {}, ...defaults.headers } };
  instance.interceptors = { request: new Interceptors(), response: new Interceptors() };
  instance.request = request;
  instance.getUri = (config) => address(merge(instance.defaults, config || {}));
  instance.create = (config) => create(merge(instance.defaults, config || {}));
  for (const method of ["get", "delete", "head"]) {
    instance[method] = (url, config) => request({ ...config, method, url });
  }
  for (const method of ["post", "put", "patch"]) {
    instance[method] = (url, data, config) => request({ ...config, method, url, data });
    instance[`${method}Form`] = (url, data, config) =>
      request({ ...config, method, url, data: data instanceof URLSearchParams ? data : new URLSearchParams(data) });
  }
  return instance;
}

const axios = create({});
Object.assign(axios, {
  AxiosError,
  Axios: axios,
  VERSION: "1.3.6",
  all: (promises) => Promise.all(promises),
  spread: (callback) => (list) => callback(...list),
  isAxiosError: (it) => Boolean(it && it.isAxiosError),
  isCancel: () => false,
  default: axios,
});
module.exports = axios;
