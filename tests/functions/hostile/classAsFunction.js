exports = class { constructor() { this.status = 'success'; } };
