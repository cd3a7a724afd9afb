// TextEncoder and TextDecoder, for the encodings of mails and of the answers of providers.
const native = require("doorward:native");

const LABELS = {
  "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
  "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
  "windows-1252":
    "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
};
// The characters of the bytes 0x80 to 0x9f in windows-1252; every other byte is the number of its character.
const UPPER = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";
const bytesOf = (input) => {
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw Object.assign(new TypeError('The "list" argument must be an instance of ArrayBuffer or ArrayBufferView.'), { code: "ERR_INVALID_ARG_TYPE" });
};
// In pieces of a length that fits on the stack as arguments.
function fromUnits(units) {
  const pieces = [];
  for (let at = 0; at < units.length; at += 4096) pieces.push(String.fromCharCode(...units.subarray(at, at + 4096)));
  return pieces.join("");
}

const DECODERS = {
  "utf-8": {
    decode: (bytes) => native.toUtf8(bytes),
    // The replacement character may also be in the text itself.
    isValid: (text, bytes) => !text.includes("\ufffd") || native.fromUtf8(text).every((byte, at) => byte === bytes[at]),
    // The beginning of a character, the rest of which is yet to come.
    unfinished(bytes) {
      for (let back = 1; back <= Math.min(3, bytes.length); back++) {
        const byte = bytes[bytes.length - back];
        if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
        if (byte < 0x80) return 0;
      }
      return 0;
    },
  },
  "utf-16le": {
    decode(bytes) {
      const units = new Uint16Array(Math.ceil(bytes.length / 2));
      for (let at = 0; at < units.length; at++) units[at] = bytes[2 * at] | (bytes[2 * at + 1] << 8);
      if (bytes.length % 2) units[units.length - 1] = 0xfffd;
      return fromUnits(units);
    },
    isValid: (text, bytes) => bytes.length % 2 === 0 && text.isWellFormed(),
    unfinished(bytes) {
      const odd = bytes.length % 2, last = bytes[bytes.length - odd - 1];
      return odd + (last >= 0xd8 && last < 0xdc ? 2 : 0);
    },
  },
  "windows-1252": {
    decode: (bytes) => fromUnits(bytes).replace(/[\x80-\x9f]/g, (it) => UPPER[it.charCodeAt(0) - 0x80]),
    isValid: () => true,
    unfinished: () => 0,
  },
};

class TextEncoder {
  get encoding() {
    return "utf-8";
  }
  encode(text = "") {
    return native.fromUtf8(String(text).toWellFormed());
  }
  encodeInto(text, target) {
    let read = 0, written = 0;
    for (const character of String(text).toWellFormed()) {
      const bytes = native.fromUtf8(character);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      read += character.length;
      written += bytes.length;
    }
    return { read, written };
  }
}

class TextDecoder {
  #decoder;
  #kept = new Uint8Array();
  #began = false;
  constructor(label = "utf-8", options) {
    const wanted = String(label).trim().toLowerCase();
    const encoding = Object.keys(LABELS).find((name) => LABELS[name].split(" ").includes(wanted));
    if (!encoding) throw Object.assign(new RangeError(`The "${label}" encoding is not supported`), { code: "ERR_ENCODING_NOT_SUPPORTED" });
    const { fatal, ignoreBOM } = options || {};
    this.#decoder = DECODERS[encoding];
    for (const [name, value] of Object.entries({ encoding, fatal: Boolean(fatal), ignoreBOM: Boolean(ignoreBOM) })) {
      Object.defineProperty(this, name, { value, enumerable: true });
    }
  }
  decode(input = new Uint8Array(), options) {
    const stream = Boolean(options && options.stream);
    let bytes = bytesOf(input);
    if (this.#kept.length) {
      const both = new Uint8Array(this.#kept.length + bytes.length);
      both.set(this.#kept);
      both.set(bytes, this.#kept.length);
      bytes = both;
    }
    const whole = bytes.length - (stream ? this.#decoder.unfinished(bytes) : 0);
    this.#kept = bytes.slice(whole);
    bytes = bytes.subarray(0, whole);
    let text = this.#decoder.decode(bytes);
    const first = !this.#began;
    this.#began = stream && (this.#began || text !== "");
    if (this.fatal && !this.#decoder.isValid(text, bytes)) {
      this.#kept = new Uint8Array();
      this.#began = false;
      throw Object.assign(new TypeError(`The encoded data was not valid for encoding ${this.encoding}`), { code: "ERR_ENCODING_INVALID_ENCODED_DATA" });
    }
    text = text.toWellFormed();
    return first && !this.ignoreBOM && this.encoding !== "windows-1252" ? text.replace(/^\ufeff/, "") : text;
  }
}

module.exports = { TextDecoder, TextEncoder };
