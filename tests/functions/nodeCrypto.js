const crypto = require('crypto');
const { promisify } = require('util');

exports = async (password, salt) => {
  const bytes = await promisify(crypto.randomBytes)(20);
  const code = crypto.randomBytes(4).readUInt32BE(0) % 1000000;
  const key = crypto.pbkdf2Sync(password, salt, 1000, 32, 'sha256');
  const scrypt = crypto.scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
  const iv = Buffer.alloc(16, 1);
  const cipher = crypto.createCipheriv('aes-256-cbc', key, iv);
  const sealed = cipher.update('secret text', 'utf8', 'hex') + cipher.final('hex');
  const decipher = crypto.createDecipheriv('aes-256-cbc', key, iv);
  const opened = decipher.update(sealed, 'hex', 'utf8') + decipher.final('utf8');
  return {
    random: bytes.length,
    code: String(code).padStart(6, '0').length,
    key: key.toString('hex'),
    scrypt: scrypt.toString('base64').length,
    opened,
    sealed: sealed.length,
    sha512: crypto.createHash('sha512').update(password).digest('hex').slice(0, 16),
    sha1: crypto.createHmac('sha1', Buffer.from(salt)).update(password, 'utf8').digest('base64'),
    url: crypto.createHash('sha256').update(password).digest('base64').replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, ''),
    hashes: crypto.getHashes().includes('sha256'),
  };
};
