// What the package `url` asks of `qs`, which `querystring` does as well: its second parameter is another one there.
const querystring = require("querystring");
module.exports = { parse: (text) => querystring.parse(text), stringify: (object) => querystring.stringify(object) };
