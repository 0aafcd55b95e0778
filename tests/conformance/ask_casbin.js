// Loads exported policies with node-casbin and answers questions about them.
//
// Standard input: a JSON list of {folder, asks: [[context, field, grant], …], whole}. Standard output: a JSON list of strings, for each folder
// one sign per ask, `1` allowed and `0` refused, preceded by the number of rules that node-casbin read.
//
// node-casbin walks through all rules at each question, a millisecond at 1,500 rules. So the first `whole` asks go to an enforcer with the
// whole policy.csv; the others to one that holds the lines of some contexts only, those of the context asked among them. The matcher wants
// the context to be equal, so a line of another context cannot change an answer; the asks that went to both ways prove it.
'use strict';

const fs = require('fs');
const path = require('path');
const { newEnforcer, StringAdapter } = require('casbin');

const PARTS = 64;

function part(context) {
  let sum = 0;
  for (const sign of context) sum = (sum * 31 + sign.codePointAt(0)) % 1000003;
  return sum % PARTS;
}

async function answers({ folder, asks, whole }) {
  const model = path.join(folder, 'model.conf');
  const file = path.join(folder, 'policy.csv');
  const all = await newEnforcer(model, file);
  const lines = Array.from({ length: PARTS }, () => []);
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    if (line) lines[part(line.split(', ')[1])].push(line);
  }
  const parts = await Promise.all(lines.map((some) => (some.length ? newEnforcer(model, new StringAdapter(some.join('\n'))) : null)));
  const found = asks.map((ask, at) => {
    const one = parts[part(ask[0])];
    const answer = one !== null && one.enforceSync(...ask);
    if (at < whole && all.enforceSync(...ask) !== answer) throw new Error(`the whole policy answers otherwise: ${JSON.stringify(ask)}`);
    return answer === true ? '1' : '0';
  });
  return `${(await all.getPolicy()).length} ${found.join('')}`;
}

(async () => {
  const found = [];
  for (const one of JSON.parse(fs.readFileSync(0, 'utf8'))) found.push(await answers(one));
  process.stdout.write(JSON.stringify(found));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
