exports = () => { const kept = []; for (;;) kept.push(new Uint8Array(new SharedArrayBuffer(8 << 20)).fill(1)); };
