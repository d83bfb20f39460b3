// The audit of GraphQL over HTTP that the package `graphql-http` brings.

import { auditServer } from "graphql-http";

/** Every audit must be met: what is only recommended, and what is only allowed, as well. */
export async function audit(store) {
  const results = await auditServer({ url: `${store.url}/graphql` });
  const count = (status) => results.filter((it) => it.status === status).length;
  const numbers = ["ok", "notice", "warn", "error"].map((status) => `${count(status)} ${status}`);
  console.log(`graphql-http: ${results.length} audits: ${numbers.join(", ")}`);
  return results.map(({ id, name, status, reason }) => ({
    name: `audit ${id}, ${name}`,
    wrong: status === "ok" ? undefined : `${status}: ${reason}`,
  }));
}
