/** Long histories of one key that are linearizable by their making: each call takes effect somewhere within its time. */
import type { SimRandom } from "../../sim-random.ts";
import type { Call } from "./call.ts";
import { NO_EXPIRY, type RegisterInput, type RegisterState, registerModel } from "./register-model.ts";

export interface LongHistoryOptions {
  readonly calls: number;
  readonly clients: number;
  /** One write in so many is of unknown outcome, and half of those never take effect. */
  readonly unknownOneIn: number;
}

interface Planned {
  readonly client: number;
  readonly invokedAtMs: number;
  readonly effectAtMs: number;
  readonly endedAtMs: number;
  readonly isUnknown: boolean;
}

export function longHistory(random: SimRandom, options: LongHistoryOptions): Call<RegisterInput>[] {
  const planned = plan(random, options);
  let state: RegisterState = registerModel.initial;
  const calls: { call: Call<RegisterInput>; invokedAtMs: number }[] = [];
  for (const [i, one] of planned.entries()) {
    const input = chooseInput(random, state, i, one.isUnknown);
    const isApplied = !one.isUnknown || random.oneIn(2);
    if (isApplied) state = registerModel.step(state, input)!;
    const { client, invokedAtMs } = one;
    const endedAtMs = one.isUnknown ? Infinity : one.endedAtMs;
    calls.push({ call: { input, client, invokedAtMs, endedAtMs }, invokedAtMs });
  }
  return calls.sort((a, b) => a.invokedAtMs - b.invokedAtMs).map(({ call }) => call);
}

/** In the order in which they take effect. */
function plan(random: SimRandom, { calls, clients, unknownOneIn }: LongHistoryOptions): Planned[] {
  const planned: Planned[] = [];
  for (let client = 0; client < clients; client++) {
    let nowMs = random.below(10);
    for (let i = 0; i < calls / clients; i++) {
      const invokedAtMs = nowMs + random.below(5);
      // A few take long, and many others go by meanwhile.
      const lengthMs = random.oneIn(100) ? 500 : 1 + random.below(20);
      const isUnknown = random.oneIn(unknownOneIn);
      const effectAtMs = invokedAtMs + random.below(isUnknown ? 1_000 : lengthMs + 1);
      nowMs = invokedAtMs + lengthMs + 0.5;
      planned.push({ client, invokedAtMs, effectAtMs, endedAtMs: invokedAtMs + lengthMs, isUnknown });
    }
  }
  return planned.sort((a, b) => a.effectAtMs - b.effectAtMs);
}

function chooseInput(
  random: SimRandom,
  state: RegisterState,
  serial: number,
  isUnknown: boolean,
): RegisterInput {
  if (!isUnknown && random.oneIn(2)) return { kind: "get", answer: state.value };
  if (random.oneIn(5)) return { kind: "delete", answer: isUnknown ? undefined : state.value !== null };
  return { kind: "set", value: `v${serial}`, life: NO_EXPIRY };
}
