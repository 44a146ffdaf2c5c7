/**
 * The thread of a Bystander: writes a value and reads it back, again and again, and notes how long that took.
 * JavaScript, since a thread loads it as it is.
 */
import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

/** Between two round trips: enough samples without taking the machine for itself. */
const PAUSE_MS = 1;

const socket = connect(workerData.port, "127.0.0.1").setNoDelay().setEncoding("latin1");
let tookMs = [];
let turn = 0;
let startedMs = 0;
let expected = "";
let received = "";
let fault;
/** How many round trips somebody waits for; 0 if nobody does. */
let awaited = 0;

function begin() {
  const value = `value ${turn++} `.repeat(10);
  expected = `+OK\r\n$${value.length}\r\n${value}\r\n`;
  received = "";
  startedMs = performance.now();
  const set = `*3\r\n$3\r\nSET\r\n$9\r\nbystander\r\n$${value.length}\r\n${value}\r\n`;
  socket.write(`${set}*2\r\n$3\r\nGET\r\n$9\r\nbystander\r\n`);
}

function finish() {
  tookMs.push(performance.now() - startedMs);
  tell();
  setTimeout(begin, PAUSE_MS);
}

function fail(reason) {
  fault ??= reason;
  tell();
}

/** Reports if somebody waits for it, and begins anew. */
function tell() {
  if (awaited === 0 || (tookMs.length < awaited && fault === undefined)) return;
  awaited = 0;
  const sorted = tookMs.sort((a, b) => a - b);
  const medianMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
  parentPort.postMessage({ roundTrips: sorted.length, medianMs, worstMs: sorted.at(-1) ?? 0, fault });
  tookMs = [];
}

socket.once("connect", begin);
socket.on("data", (text) => {
  received += text;
  if (received === expected) finish();
  else if (!expected.startsWith(received)) fail(`answered ${JSON.stringify(received)}`);
});
socket.on("error", (error) => fail(error.message));
socket.on("close", () => fail("the server closed the connection"));
parentPort.on("message", (roundTripsMin) => {
  awaited = roundTripsMin;
  if (fault !== undefined) tell();
});
