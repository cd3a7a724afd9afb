exports = () => "x".repeat(200000).replace(/(x+x+)+y/g, "");
