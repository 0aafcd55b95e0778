// npm's `jose` on the partner's side: a key and a client assertion for each algorithm, and a token of ours checked with the published keys.
const { pathToFileURL } = require("url");

const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));

let jose;

async function assertion(algorithm) {
  const { publicKey, privateKey } = await jose.generateKeyPair(algorithm, { extractable: true });
  const kid = "key-" + algorithm;
  const client = "system-" + algorithm.toLowerCase();
  const signed = await new jose.SignJWT({ act: { sub: "employee_7f3a9c21", role: asked.role } })
    .setProtectedHeader({ alg: algorithm, kid, typ: "JWT" })
    .setIssuer(client).setSubject(client).setAudience(asked.audience)
    .setJti(require("crypto").randomUUID() + "-jti").setIssuedAt().setExpirationTime("60s")
    .sign(privateKey);
  return { algorithm, client, jwk: { ...(await jose.exportJWK(publicKey)), kid }, assertion: signed };
}

async function checked(token) {
  const keys = jose.createLocalJWKSet(asked.published);
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, { issuer: asked.issuer, audience: asked.issuer + "/v1", typ: "at+jwt" });
  return { payload, protectedHeader };
}

(async () => {
  jose = await import(pathToFileURL(require.resolve("jose")).href); // a module, which NODE_PATH alone does not find
  const answer = asked.tokens ? await Promise.all(asked.tokens.map(checked)) : await Promise.all(asked.algorithms.map(assertion));
  process.stdout.write(JSON.stringify(answer));
})();
