exports = () => { process.exit(0); return "still here"; };
