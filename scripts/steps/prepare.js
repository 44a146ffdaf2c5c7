/** What every script does first. Ends the process with 1, and says why, if it cannot be done. */
import { Refusal, say } from "./child.js";
import { alone } from "./lock.js";

const NODEJS_MIN = [20, 19];

/** `steps`: functions to run in order, alone in this checkout. */
export async function prepare(...steps) {
  try {
    refuseOldNodejs();
    await alone(async () => {
      for (const step of steps) await step();
    });
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    say(cause.message);
    process.exit(1);
  }
}

function refuseOldNodejs() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > NODEJS_MIN[0] || (major === NODEJS_MIN[0] && minor >= NODEJS_MIN[1])) return;
  throw new Refusal(
    `Kvorum needs Node.js ${NODEJS_MIN.join(".")} or newer; this is ${process.versions.node}`,
  );
}
