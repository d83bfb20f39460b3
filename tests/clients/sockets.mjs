// The client of the package `graphql-ws` follows an order and loses its connection; and every mistake
// that a client can make closes its socket with the protocol's code for it.

import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { sleep } from "./store.mjs";

const PROTOCOL = "graphql-transport-ws";
/** A stream whose credential ends is closed within so long. */
const ENDS = 5_000;
/** How long anything else may take. */
const PATIENCE = 15_000;

const FOLLOW = `subscription($token: String, $after: String) {
  orderTracking(token: $token, after: $after) { cursor type } }`;
const ACTIVITY = "subscription { storeActivity { cursor } }";

/** Everything; at once where nothing depends on the order of things. */
export async function sockets(store) {
  const findings = await Promise.all([
    named("a client resumes with the cursor it had, and gets every event once and in order", resumes(store)),
    ...mistakes(store).map(([name, code, run]) => named(`${name} closes with ${code}`, mistake(store, code, run))),
    named("a bad token in the greeting closes with 4403", refused(store)),
    named("a token that expires closes within 5 s with 4403", expires(store)),
    named("an API token that is revoked closes within 5 s with 4403", revoked(store)),
    named("a session that ends closes within 5 s with 4403", signsOut(store)),
  ]);
  const good = findings.filter((it) => !it.wrong).length;
  console.log(`graphql-ws: ${findings.length} behaviors: ${good} ok, ${findings.length - good} wrong`);
  return findings;
}

async function named(name, running) {
  const late = sleep(PATIENCE).then(() => Promise.reject(new Error("nothing happened")));
  const wrong = await Promise.race([running, late]).then(() => undefined, (error) => String(error?.message ?? error));
  return { name, wrong };
}

// ---------- following an order ----------

async function resumes(store) {
  const seen = [];
  const order = await supplierOrder(store);
  // The parcel's cause goes on while this client listens, is away, and listens again.
  const first = follow(store, seen);
  await first.until("ORDER_PLACED");
  await accept(store, order);
  await first.until("PROCESSING_STARTED");
  first.drop();
  const parcel = await ship(store, order);
  const second = follow(store, seen, seen.at(-1).cursor);
  await second.until("SHIPMENT_CREATED");
  await arrive(store, parcel, "DELIVERED");
  await second.until("SHIPMENT_DELIVERED");
  second.drop();
  const query = "query($token: String!) { orderByToken(token: $token) { timeline(first: 50) { nodes { cursor } } } }";
  const known = (await store.run(query, { token: store.order.trackingToken })).timeline.nodes;
  const [told, stored] = [seen, known].map((events) => events.map((it) => it.cursor).join());
  if (told !== stored) throw new Error(`told of ${seen.length} events, but there are ${known.length}`);
}

/** A client that puts every event into `seen`. */
function follow(store, seen, after) {
  const client = connect(store, undefined);
  const variables = { token: store.order.trackingToken, after };
  let failed;
  client.subscribe(
    { query: FOLLOW, variables },
    {
      next: ({ data, errors }) => (data ? seen.push(data.orderTracking) : (failed = errors)),
      error: (error) => (failed = error),
      complete: () => {},
    },
  );
  let dropped = false;
  return {
    /** Waits for the event of this type. */
    async until(type) {
      while (!seen.some((it) => it.type === type)) {
        if (failed && !dropped) throw new Error(JSON.stringify(failed));
        await sleep(10);
      }
    },
    /** Loses the connection without a word. */
    drop() {
      dropped = true;
      client.terminate();
    },
  };
}

async function supplierOrder(store) {
  const query = "query($id: ID!) { order(id: $id) { supplierOrders { id status } } }";
  for (;;) {
    const [found] = (await store.run(query, { id: store.order.id }, store.ownerToken)).supplierOrders;
    if (found?.status === "SUBMITTED") return found.id;
    await sleep(50);
  }
}

async function accept(store, id) {
  const types = { id: "ID!", input: "SupplierOrderAcceptInput!" };
  await store.mutate("supplierOrderAccept", types, { id, input: {} }, "", store.supplierToken);
}

async function ship(store, supplierOrderId) {
  const types = { supplierOrderId: "ID!", input: "ShipmentCreateInput!" };
  const variables = { supplierOrderId, input: { carrier: "DHL", trackingNumber: "1" } };
  return (await store.mutate("shipmentCreate", types, variables, "shipment { id }", store.supplierToken)).shipment.id;
}

async function arrive(store, shipmentId, status) {
  const types = { shipmentId: "ID!", input: "ShipmentEventInput!" };
  const input = { id: status, occurredAt: new Date().toISOString(), status };
  await store.mutate("shipmentEventAdd", types, { shipmentId, input }, "", store.supplierToken);
}

// ---------- credentials, with the package's client ----------

/** A client with this token; `closed` resolves with the code its socket is closed with. */
function connect(store, token) {
  const url = `${store.url.replace("http", "ws")}/graphql`;
  const connectionParams = token && { authorization: `Bearer ${token}` };
  let told;
  const closed = new Promise((resolve) => (told = resolve));
  const on = { closed: ({ code }) => told(code) };
  const client = createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0, on });
  return Object.assign(client, { closed });
}

/** Follows the store's activity with `token`; ready when the server has taken it. */
async function listen(store, token) {
  const client = connect(store, token);
  const connected = new Promise((resolve) => client.on("connected", resolve));
  client.subscribe({ query: ACTIVITY }, { next: () => {}, error: () => {}, complete: () => {} });
  await Promise.race([connected, client.closed.then((code) => Promise.reject(new Error(`closed with ${code}`)))]);
  return client;
}

async function refused(store) {
  const client = connect(store, "nonsense");
  client.subscribe({ query: ACTIVITY }, { next: () => {}, error: () => {}, complete: () => {} });
  same(await client.closed, 4403);
}

async function expires(store) {
  const { accessToken } = await store.signIn();
  const client = await listen(store, store.shorten(accessToken, 2));
  await closesInTime(client, 2_000);
}

async function revoked(store) {
  const { token, apiToken } = await store.createToken({ scope: "OWNER" });
  const client = await listen(store, token);
  await store.mutate("apiTokenRevoke", { id: "ID!" }, { id: apiToken.id }, "", store.ownerToken);
  await closesInTime(client, 0);
}

async function signsOut(store) {
  const { accessToken } = await store.signIn();
  const client = await listen(store, accessToken);
  await store.mutate("sessionEnd", { input: "SessionEndInput!" }, { input: {} }, "ended", accessToken);
  await closesInTime(client, 0);
}

/** The socket is closed with 4403 within [`ENDS`] of a moment `wait` from now. */
async function closesInTime(client, wait) {
  const late = sleep(wait + ENDS).then(() => "not closed in time");
  same(await Promise.race([client.closed, late]), 4403);
}

function same(actual, expected) {
  if (actual !== expected) throw new Error(`${actual} rather than ${expected}`);
}

// ---------- mistakes that the package's client does not make ----------

const INIT = { type: "connection_init" };
const SUBSCRIBE = { id: "1", type: "subscribe", payload: { query: "subscription { storeActivity { cursor } }" } };

/** A name, the code, and the messages of a client that makes the mistake. */
function mistakes(store) {
  const follow = { query: FOLLOW, variables: { token: store.order.trackingToken } };
  const subscribe = { id: "1", type: "subscribe", payload: follow };
  return [
    ["a text that is no message", 4400, ["nonsense"]],
    ["a message of no known type", 4400, [INIT, { type: "unknown" }]],
    ["a message without its id", 4400, [INIT, { type: "subscribe", payload: follow }]],
    ["a binary message", 4400, [INIT, Buffer.from("{}")]],
    ["an operation before the greeting", 4401, [SUBSCRIBE]],
    ["no subprotocol", 4406, null],
    ["no greeting", 4408, []],
    ["an id that is in use", 4409, [INIT, subscribe, subscribe]],
    ["a second greeting", 4429, [INIT, INIT]],
  ];
}

async function mistake(store, code, messages) {
  const socket = new WebSocket(`${store.url.replace("http", "ws")}/graphql`, messages ? [PROTOCOL] : []);
  const closed = new Promise((resolve, reject) => socket.on("close", resolve).on("error", reject));
  socket.on("open", () => {
    for (const message of messages ?? []) {
      const raw = typeof message === "string" || Buffer.isBuffer(message);
      socket.send(raw ? message : JSON.stringify(message));
    }
  });
  same(await closed, code);
}
