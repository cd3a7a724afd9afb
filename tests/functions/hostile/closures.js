exports = () => { let f = () => 1; for (;;) { const g = f; f = () => g; f.more = new Map([[g, f]]); } };
