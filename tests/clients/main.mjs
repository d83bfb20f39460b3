// Starts a store with one order, lets both clients at it, and tells what they found.

import { audit } from "./audit.mjs";
import { sockets } from "./sockets.mjs";
import { Store } from "./store.mjs";

const began = Date.now();
const store = await Store.start(process.argv[2]);
let findings;
try {
  findings = [...(await audit(store)), ...(await sockets(store))];
} finally {
  await store.stop();
}
for (const { name, wrong } of findings) {
  if (wrong) console.log(`FAILED ${name}: ${wrong}`);
}
const failed = findings.filter((it) => it.wrong).length;
console.log(`${findings.length - failed} of ${findings.length} as they should be, in ${(Date.now() - began) / 1000} s`);
process.exit(failed ? 1 : 0);
