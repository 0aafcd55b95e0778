// A real, certified OpenID provider (npm `oidc-provider`) for tests, on a port of its own choosing on the loopback address.
//
// Argument: JSON {origin, clientId, name, jwks, accounts}. `origin` is the broker's; `jwks` holds the public key of its client; `accounts` maps a login to
// the groups of that person. Whoever knows a login is let in: with one factor, or with two if the form says so. Standard output: one line, JSON
// {issuer}. POST /control/rotate gives the provider another signing key, as a provider does now and then.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { Provider } = await import(pathToFileURL(createRequire(import.meta.url).resolve('oidc-provider')).href);
const order = JSON.parse(process.argv[2]);
const server = createServer();
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const issuer = `http://127.0.0.1:${server.address().port}`;

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };
}

function provider() {
  const made = new Provider(issuer, {
    clients: [{
      client_id: order.clientId,
      redirect_uris: [`${order.origin}/sign-in/callback/${order.name}`],
      post_logout_redirect_uris: [`${order.origin}/sign-in/ended`],
      backchannel_logout_uri: `${order.origin}/sign-in/provider-logout/${order.name}`,
      backchannel_logout_session_required: true,
      response_types: ['code'],
      grant_types: ['authorization_code'],
      ...(order.secret
        ? { client_secret: order.secret, token_endpoint_auth_method: 'client_secret_post' }
        : { token_endpoint_auth_method: 'private_key_jwt', jwks: order.jwks }),
    }],
    jwks: { keys: [signingKey()] },
    cookies: { keys: ['tests only'] },
    acrValues: ['one', 'two'],
    claims: { openid: ['sub', 'groups'], acr: null, sid: null },
    conformIdTokenClaims: false,
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own dispatcher calls no address of this machine
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, groups: order.accounts[sub] ?? [] }) }),
    async loadExistingGrant(ctx) {
      const known = ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
      if (known) return ctx.oidc.provider.Grant.find(known);
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
  });
  return { made, handle: made.callback() };
}

let current = provider();

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

async function interact(request, response) {
  if (request.method === 'GET') {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(`<!DOCTYPE html><title>Provider</title><form method="post" action="${request.url}">
<label>Login <input name="login" autofocus></label> <label>Factors <input name="factors" value="2"></label> <button>Sign in</button></form>`);
    return;
  }
  const form = await body(request);
  const result = form.get('login')
    ? { login: { accountId: form.get('login'), acr: form.get('factors') === '2' ? 'two' : 'one' } }
    : { error: 'access_denied', error_description: 'broken off' };
  await current.made.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

server.on('request', async (request, response) => {
  if (request.url === '/control/rotate') {
    current = provider();
    response.end();
  } else if (request.url.startsWith('/interaction/')) {
    await interact(request, response);
  } else {
    await current.handle(request, response);
  }
});
console.log(JSON.stringify({ issuer }));
