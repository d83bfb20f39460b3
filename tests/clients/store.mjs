// A store of its own for one run: a server, a simulator for its payments, and one order at a supplier
// that works in the portal, so that the run decides when something happens to it.

import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OWNER = { email: "owner@example.com", password: "a long enough passphrase" };
/** How long a process may take to answer. */
const START = 30_000;

export class Store {
  /** Starts everything and places the order. */
  static async start(program) {
    const it = new Store();
    it.program = program;
    it.folder = await mkdtemp(join(tmpdir(), "consign-clients-"));
    it.processes = [];
    it.jwtSecret = randomBytes(32).toString("hex");
    try {
      await it.#run();
      await it.#fill();
      await it.#buy();
    } catch (error) {
      await it.stop();
      throw error;
    }
    return it;
  }

  async #run() {
    const [port, admin, simulator] = await Promise.all([freePort(), freePort(), freePort()]);
    this.url = `http://127.0.0.1:${port}`;
    const gateway = { secret: randomBytes(24).toString("hex"), webhook: `whsec_${randomBytes(32).toString("base64")}` };
    this.environment = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CONSIGN_"))),
      CONSIGN_DATABASE_URL: `sqlite://${join(this.folder, "consign.db")}`,
      CONSIGN_DATA_DIR: join(this.folder, "data"),
      CONSIGN_LISTEN: `127.0.0.1:${port}`,
      CONSIGN_ADMIN_LISTEN: `127.0.0.1:${admin}`,
      CONSIGN_PUBLIC_URL: this.url,
      CONSIGN_JWT_SECRET: this.jwtSecret,
      CONSIGN_SECRET_KEY: randomBytes(32).toString("hex"),
      CONSIGN_EGRESS_ALLOW: "127.0.0.1/32",
      CONSIGN_GATEWAYS__TEST__URL: `http://127.0.0.1:${simulator}/gateway`,
      CONSIGN_GATEWAYS__TEST__SECRET: gateway.secret,
      CONSIGN_GATEWAYS__TEST__WEBHOOK_SECRET: gateway.webhook,
      RUST_LOG: "error",
    };
    const secrets = ["--gateway-secret", gateway.secret, "--gateway-webhook-secret", gateway.webhook];
    this.#begin(["simulate", "--listen", `127.0.0.1:${simulator}`, "--store-url", this.url, ...secrets]);
    await this.#command(["owner", "create", "--email", OWNER.email, "--password-stdin"], `${OWNER.password}\n`);
    const printed = await this.#command(["token", "create", "--name", "clients", "--owner"], "");
    this.ownerToken = printed.match(/cst_\S+/)[0];
    this.#begin(["all"]);
    await answers(`http://127.0.0.1:${simulator}/admin/summary`);
    await answers(`${this.url}/readyz`);
  }

  /** Starts a process that goes on until the end. */
  #begin(words) {
    const child = spawn(this.program, words, { env: this.environment, stdio: ["ignore", "ignore", "inherit"] });
    this.processes.push(child);
  }

  /** Runs a command to its end; what it printed. */
  async #command(words, input) {
    const child = spawn(this.program, words, { env: this.environment, stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.end(input);
    let [printed, told] = ["", ""];
    child.stdout.on("data", (chunk) => (printed += chunk));
    child.stderr.on("data", (chunk) => (told += chunk));
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (code !== 0) throw new Error(`consign ${words.join(" ")} ended with ${code}: ${told}`);
    return printed;
  }

  /** Ends the processes and forgets the data. */
  async stop() {
    const running = this.processes.filter((child) => child.exitCode === null && child.signalCode === null);
    const ends = running.map((child) => new Promise((resolve) => child.once("exit", resolve)));
    running.forEach((child) => child.kill("SIGKILL"));
    await Promise.all(ends);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Runs an operation; its one field. Errors of any kind are thrown. */
  async run(query, variables, token) {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const body = JSON.stringify({ query, variables });
    const answer = await (await fetch(`${this.url}/graphql`, { method: "POST", headers, body })).json();
    const [field] = Object.values(answer.data ?? {});
    if (answer.errors || field?.userErrors?.length) throw new Error(`${query}: ${JSON.stringify(answer)}`);
    return field;
  }

  /** A mutation of this one field, which answers with `shape`. */
  async mutate(field, types, variables, shape, token) {
    const names = Object.keys(types);
    const declared = names.map((name) => `$${name}: ${types[name]}`).join(", ");
    const given = names.map((name) => `${name}: $${name}`).join(", ");
    const query = `mutation(${declared}) { ${field}(${given}) { ${shape} userErrors { code field message } } }`;
    return this.run(query, variables, token);
  }

  async #own(field, input, shape) {
    const type = field[0].toUpperCase() + field.slice(1);
    return this.mutate(field, { input: `${type}Input!` }, { input }, shape, this.ownerToken);
  }

  async #fill() {
    const taxes = [{ countryCode: "DE", rate: "0.19", inclusive: true }];
    const settings = { name: "Clients", currencyCode: "EUR", countries: ["DE"], taxes, capture: "ON_ACCEPTANCE" };
    await this.#own("storeSettingsUpdate", settings, "");
    const portal = {
      name: "Portal", adapter: "portal", currency: "EUR", autoForward: true, shipsFrom: "DE", processingDays: 1,
    };
    const { supplier } = await this.#own("supplierCreate", portal, "supplier { id }");
    const transitDays = { min: 1, max: 3 };
    const service = { supplierId: supplier.id, code: "STANDARD", name: "Standard", countries: ["DE"], transitDays };
    await this.#own("supplierShippingServiceSet", { ...service, price: euros("3.00") }, "");
    const goods = { title: "Lamp", publish: true, variants: [{ sku: "LAMP", price: euros("10.00") }] };
    const { product } = await this.#own("productCreate", goods, "product { variants(first: 1) { nodes { id } } }");
    this.variant = product.variants.nodes[0].id;
    const offer = { supplierId: supplier.id, variantId: this.variant, supplierSku: "L-1", cost: euros("4.00") };
    await this.#own("supplierOfferSet", offer, "");
    const made = await this.createToken({ scope: "SUPPLIER", supplierId: supplier.id });
    this.supplierToken = made.token;
    const report = { asOf: new Date().toISOString(), full: false, items: [{ supplierSku: "L-1", quantity: 50 }] };
    const types = { input: "SupplierStockReportInput!" };
    await this.mutate("supplierStockReport", types, { input: report }, "accepted", this.supplierToken);
  }

  /** A guest buys a lamp. */
  async #buy() {
    const contact = { email: "ada@example.com" };
    const lines = [{ variantId: this.variant, quantity: 1 }];
    const input = { lines, contact, country: "DE" };
    const { cart } = await this.mutate("cartCreate", { input: "CartCreateInput!" }, { input }, "cart { id }");
    const address = {
      name: "Ada Byron", address1: "Am Ring 1", city: "Berlin", postalCode: "10115", countryCode: "DE",
    };
    const shape = "cart { cost { total { amount currencyCode } } parcels { id shippingOptions { id } } }";
    const shipping = { cartId: "ID!", address: "AddressInput!" };
    const seen = await this.mutate("cartShippingAddressSet", shipping, { cartId: cart.id, address }, shape);
    const [parcel] = seen.cart.parcels;
    const select = { cartId: "ID!", parcelId: "ID!", shippingOptionId: "ID!" };
    const choice = { cartId: cart.id, parcelId: parcel.id, shippingOptionId: parcel.shippingOptions[0].id };
    const chosen = await this.mutate("cartShippingOptionSelect", select, choice, shape);
    const payment = { gateway: "test", token: "tok_ok" };
    const complete = { idempotencyKey: "the-only-one", expectedTotal: chosen.cart.cost.total, payment };
    const types = { cartId: "ID!", input: "CheckoutCompleteInput!" };
    const variables = { cartId: cart.id, input: complete };
    const done = await this.mutate("checkoutComplete", types, variables, "order { id trackingToken }");
    this.order = done.order;
  }

  /** An API token made by the owner: `{ token, apiToken: { id } }`. */
  async createToken(input) {
    return this.#own("apiTokenCreate", { name: "a client's", ...input }, "token apiToken { id }");
  }

  /** The owner signs in with a password; the session. */
  async signIn() {
    const types = { input: "SessionCreateInput!" };
    return (await this.mutate("sessionCreate", types, { input: OWNER }, "session { accessToken refreshToken }")).session;
  }

  /** The same access token with less time to live, signed as the server signs. */
  shorten(accessToken, seconds) {
    const [header, payload] = accessToken.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url"));
    const text = JSON.stringify({ ...claims, exp: Math.floor(Date.now() / 1000) + seconds });
    const signed = `${header}.${Buffer.from(text).toString("base64url")}`;
    return `${signed}.${createHmac("sha256", this.jwtSecret).update(signed).digest("base64url")}`;
  }
}

function euros(amount) {
  return { amount, currencyCode: "EUR" };
}

/** Waits until `url` answers with success. */
async function answers(url) {
  for (const end = Date.now() + START; Date.now() < end; await sleep(20)) {
    if ((await fetch(url).catch(() => undefined))?.ok) return;
  }
  throw new Error(`${url} does not answer`);
}

export function sleep(millis) {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
