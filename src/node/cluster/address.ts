/** Addresses as people write them and nodes tell them: "host:port", or "[host]:port" if the host has colons. */
import type { PeerAddress } from "../../peer/peer-identity.ts";

export function formatAddress({ host, port }: PeerAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Undefined if it is none. */
export function parseAddress(text: string): PeerAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65535) return undefined;
  return { host: match[1] ?? match[2]!, port };
}

/** Those of a list with commas between them; undefined if one is none. */
export function parseAddresses(text: string): readonly PeerAddress[] | undefined {
  const addresses = text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(parseAddress);
  return addresses.every((address) => address !== undefined) ? addresses : undefined;
}
