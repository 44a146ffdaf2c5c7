/** How deeds are told: in the words that a scenario has for them (scenario/fault-verbs.ts). */
import type { DiskFaults } from "./disk-trouble.ts";
import type { LinkQuality } from "./sim-link.ts";

/** One or more, by their names. */
export type Hosts = string | readonly string[];

export function span(ms: number): string {
  return `${Math.round(ms * 1_000) / 1_000}ms`;
}

export function sides(some: Hosts, others: Hosts): readonly string[] {
  return [...[some].flat(), "|", ...[others].flat()];
}

export function qualityOptions({ latency, lossOdds, bytesPerSecond }: LinkQuality): readonly string[] {
  return optionWords({
    loss: lossOdds,
    "bytes-per-second": bytesPerSecond,
    latency: latency && span(latency.baseMs),
    jitter: latency && span(latency.jitterMs),
    "tail-one-in": latency?.tail?.oneIn,
    tail: latency?.tail && span(latency.tail.meanMs),
  });
}

export function faultOptions(faults: DiskFaults): readonly string[] {
  const { readErrorOneIn, writeErrorOneIn, syncErrorOneIn, flippedReadOneIn } = faults;
  return optionWords({
    read: readErrorOneIn,
    write: writeErrorOneIn,
    sync: syncErrorOneIn,
    flip: flippedReadOneIn,
  });
}

/** What is defined, as NAME=VALUE. */
function optionWords(options: Readonly<Record<string, string | number | undefined>>): readonly string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
}
