exports = (body) => ({ status: body.status, polluted: typeof {}.status, own: Object.keys(body), merged: typeof Object.assign({}, body).status });
