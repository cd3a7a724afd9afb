exports = () => { const down = () => [1].map(down); return down(); };
