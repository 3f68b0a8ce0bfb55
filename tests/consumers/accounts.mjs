// Makes what `nsc` makes: an operator, a system account, the account REGISTRY and its users, signed by NATS's own library.
// Reads {directory, users: {name: {pub: [...], sub: [...]}}} from standard input; writes accounts.conf and <name>.creds.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

const require = createRequire(process.env.TEST_NODE_MODULES);
const { encodeAccount, encodeOperator, encodeUser, fmtCreds } = require("@nats-io/jwt");
const { createAccount, createOperator, createUser } = require("@nats-io/nkeys");

const { directory, users } = JSON.parse(readFileSync(0, "utf8"));
const [operator, system, registry] = [createOperator(), createAccount(), createAccount()];
// As infra/make-secrets edits the account: everything on disk, nothing in memory.
const limits = {
  conn: -1, leaf: -1, imports: -1, exports: -1, wildcards: true, subs: -1, data: -1, payload: -1,
  mem_storage: 0, disk_storage: -1, streams: -1, consumer: -1,
};
const accounts = {
  [system.getPublicKey()]: await encodeAccount("SYS", system, {}, { signer: operator }),
  [registry.getPublicKey()]: await encodeAccount("REGISTRY", registry, { limits }, { signer: operator }),
};
const operatorToken = await encodeOperator("submerchant-registry", operator, { system_account: system.getPublicKey() });
const preload = Object.entries(accounts).map(([key, token]) => `  ${key}: ${token}\n`).join("");
writeFileSync(
  `${directory}/accounts.conf`,
  `operator: ${operatorToken}\nsystem_account: ${system.getPublicKey()}\nresolver: MEMORY\n` +
    `resolver_preload: {\n${preload}}\n`,
);
for (const [name, { pub, sub }] of Object.entries(users)) {
  const user = createUser();
  const permissions = { pub: { allow: pub }, sub: { allow: sub }, subs: -1, data: -1, payload: -1 };
  const token = await encodeUser(name, user, registry, permissions, { signer: registry });
  writeFileSync(`${directory}/${name}.creds`, fmtCreds(token, user), { mode: 0o600 });
}
