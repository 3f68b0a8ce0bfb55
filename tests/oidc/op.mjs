// A certified OpenID provider on loopback, for tests: people and their groups can be changed while it runs, and what its tokens
// say can be spoilt. It prints its address once it listens.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';

// The modules lie where `cargo xtask test` has put them, not beside this file.
const require = createRequire(process.env.OIDC_MODULES);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Provider } = await load('oidc-provider');
const { exportJWK, generateKeyPair, importJWK, SignJWT } = await load('jose');

const { CLIENT_ID: client_id, CLIENT_SECRET: client_secret, CONSOLE_URL: site, LOGOUT_URL: backchannel_logout_uri } = process.env;
const people = new Map();
let spoilt = null;

const key = async () => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: `key-${Math.random()}` };
};
const own = await key();
const strange = { ...(await key()), kid: own.kid };

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id,
    client_secret,
    redirect_uris: [`${site}/console/sign-in/callback`],
    post_logout_redirect_uris: [`${site}/console/signed-out`],
    backchannel_logout_uri,
    backchannel_logout_session_required: true,
    grant_types: ['authorization_code'],
    response_types: ['code'],
  }],
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
  scopes: ['openid', 'profile', 'email', 'groups'],
  conformIdTokenClaims: false,
  jwks: { keys: [own] },
  // It would call no address of this machine.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  cookies: { keys: ['a key of a test'] },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    backchannelLogout: { enabled: true },
  },
  findAccount: (_context, sub) => people.has(sub) && ({ accountId: sub, claims: async () => ({ sub, ...people.get(sub) }) }),
  // Nobody is asked whether they consent.
  loadExistingGrant: async ({ oidc }) => {
    const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope('openid profile email groups');
    await grant.save();
    return grant;
  },
});

// What a token says instead, and with which key it is signed.
const spoil = async (token) => {
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  const sign = async (changed, jwk = own) =>
    new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg: 'RS256', kid: own.kid }).sign(await importJWK(jwk, 'RS256'));
  const now = Math.floor(Date.now() / 1000);
  switch (spoilt) {
    case 'nonce': return sign({ nonce: 'another' });
    case 'audience': return sign({ aud: 'another' });
    case 'issuer': return sign({ iss: 'https://another.example' });
    case 'expired': return sign({ iat: now - 7200, exp: now - 3600 });
    case 'signature': return sign({}, strange);
    case 'none': return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`;
    default: return token;
  }
};
provider.use(async (context, next) => {
  await next();
  if (context.oidc?.route === 'token' && context.body?.id_token) {
    context.body = { ...context.body, id_token: await spoil(context.body.id_token) };
  }
});

// A logout token that names what the test wants: a person, a session, or both.
const logoutToken = async (who) => {
  const now = Math.floor(Date.now() / 1000);
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const claims = { iss: issuer, aud: client_id, iat: now, exp: now + 120, jti: `${Math.random()}`, events, ...who };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: own.kid, typ: 'logout+jwt' })
    .sign(await importJWK(own, 'RS256'));
};
const body = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString() || 'null');
};
const callback = provider.callback();
server.on('request', async (request, response) => {
  const [, what, name] = request.url.split('/').slice(1);
  if (!request.url.startsWith('/control/')) return callback(request, response);
  if (what === 'logout') return response.end(await logoutToken(await body(request)));
  if (what === 'people') people.set(name, await body(request));
  else spoilt = await body(request);
  response.end();
});
console.log(issuer);
