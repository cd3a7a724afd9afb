module.exports = require("http")._client("https:");
